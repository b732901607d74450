"""The table of the pages. A code may hold slashes, so what is done to one stands before it."""

from django.urls import path

from dashboard.pages import (
    account,
    bag,
    bags,
    batch,
    batches,
    language,
    overview,
    recall,
    reports,
    scan_station,
    search,
    tokens,
)
from dashboard.pages.log_in import LogIn, LogOut

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("login", LogIn.as_view(), name="login"),
    path("logout", LogOut.as_view(), name="logout"),
    path("language", language.choose, name="language"),
    path("account", account.account, name="account"),
    path("account/tokens", tokens.own, name="tokens"),
    path("account/tokens/make", tokens.make, name="token-make"),
    path("account/tokens/<int:token>/rotate", tokens.rotate, name="token-rotate"),
    path("account/tokens/<int:token>/revoke", tokens.revoke, name="token-revoke"),
    path("reports", reports.reports_page, name="reports"),
    path("reports/scans.csv", reports.scans_csv, name="report-csv"),
    path("scan", scan_station.scan, name="scan"),
    path("search", search.search, name="search"),
    path("search/suggest", search.suggest, name="suggest"),
    path("bags", bags.bags, name="bags"),
    path("exports/bags.xlsx", bags.bags_workbook, name="bags-workbook"),
    path("bags/<path:code>/undo", bag.undo, name="undo"),
    path("bags/<path:code>", bag.bag, name="bag"),
    path("batches", batches.batches, name="batches"),
    path("batches/<path:code>/recall", recall.recall, name="recall"),
    path("batches/<path:code>/hold", batch.hold_batch, name="hold-batch"),
    path("batches/<path:code>/release", batch.release_batch, name="release-batch"),
    path("batches/<path:code>/close", batch.close_batch, name="close-batch"),
    path("batches/<path:code>", batch.batch, name="batch"),
]
