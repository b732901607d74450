"""URLs of the pages, in the namespace `dashboard`.

The code of a bag or batch may contain slashes, so a route that ends with a code follows the routes
that append a word to it.
"""

from django.urls import path

from accounts.log_in import LogIn, LogOut
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
    system,
    tokens,
)

app_name = "dashboard"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("login", LogIn.as_view(), name="login"),
    path("logout", LogOut.as_view(), name="logout"),
    path("language", language.choose_language, name="language"),
    path("account", account.account, name="account"),
    path("account/tokens", tokens.list_tokens, name="tokens"),
    path("account/tokens/make", tokens.create_token, name="create-token"),
    path("account/tokens/<int:token>/rotate", tokens.rotate_token, name="rotate-token"),
    path("account/tokens/<int:token>/revoke", tokens.revoke_token, name="revoke-token"),
    path("reports", reports.reports_page, name="reports"),
    path("reports/scans.csv", reports.scans_csv, name="report-csv"),
    path("system", system.system, name="system"),
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
