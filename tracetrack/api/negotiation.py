"""Content negotiation: `?format=` first, then `Accept`."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class FormatNegotiation(DefaultContentNegotiation):
    """Select the renderer by `?format=` if the request has it, otherwise by `Accept`."""

    def get_accept_list(self, request: Request) -> list[str]:
        return ["*/*"] if "format" in request.query_params else super().get_accept_list(request)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        # Almost all API clients accept anything. Parsing the header takes longer than many views.
        if request.META.get("HTTP_ACCEPT", "*/*") == "*/*" and not request.META["QUERY_STRING"]:
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)
