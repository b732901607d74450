"""The table of the pages. A code may hold slashes, so what is done to one stands before it."""

from django.urls import path

from dashboard import (
    account_pages,
    language,
    list_pages,
    pages,
    recall_pages,
    report_pages,
    search_pages,
    token_pages,
)
from dashboard.login import LogIn, LogOut

urlpatterns = [
    path("", pages.overview, name="overview"),
    path("login", LogIn.as_view(), name="login"),
    path("logout", LogOut.as_view(), name="logout"),
    path("language", language.choose, name="language"),
    path("account", account_pages.account, name="account"),
    path("account/tokens", token_pages.own, name="tokens"),
    path("account/tokens/make", token_pages.make, name="token-make"),
    path("account/tokens/<int:token>/rotate", token_pages.rotate, name="token-rotate"),
    path("account/tokens/<int:token>/revoke", token_pages.revoke, name="token-revoke"),
    path("reports", report_pages.reports_page, name="reports"),
    path("reports/scans.csv", report_pages.scans_csv, name="report-csv"),
    path("scan", pages.scan, name="scan"),
    path("search", search_pages.search, name="search"),
    path("search/suggest", search_pages.suggest, name="suggest"),
    path("bags", list_pages.bags, name="bags"),
    path("exports/bags.xlsx", list_pages.bags_workbook, name="bags-workbook"),
    path("bags/<path:code>/undo", pages.undo, name="undo"),
    path("bags/<path:code>", pages.bag, name="bag"),
    path("batches", pages.batches, name="batches"),
    path("batches/<path:code>/recall", recall_pages.recall, name="recall"),
    path("batches/<path:code>/hold", pages.hold_batch, name="hold-batch"),
    path("batches/<path:code>/release", pages.release_batch, name="release-batch"),
    path("batches/<path:code>/close", pages.close_batch, name="close-batch"),
    path("batches/<path:code>", pages.batch, name="batch"),
]
