"""One call of an endpoint, written for a shell, for Python and for JavaScript."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from tracetrack.openapi.shapes import Told

SITE = "http://localhost:8000"
PYTHON = """import json
import os
from urllib.request import Request, urlopen

request = Request(
    os.environ["SITE"] + {path!r},
    method={method!r},
    headers={{"Authorization": "Bearer " + os.environ["TOKEN"]{kind}}},{data}
)
with urlopen(request) as answer:
    print(answer.status, {shown})
"""
JAVASCRIPT = """const answer = await fetch(`${{process.env.SITE}}{path}`, {{
  method: {method},
  headers: {{ Authorization: `Bearer ${{process.env.TOKEN}}`{kind} }},{body}
}});
console.log(answer.status, await answer.text());
"""


def address(route: str, asked: Mapping[str, Any]) -> str:
    """The address of a route with these values in its path and, those left over, its query."""
    rest = dict(asked)
    path = re.sub(
        r"<(?:\w+:)?(\w+)>", lambda found: quote(str(rest.pop(found[1], found[1])), safe=""), route
    )
    return f"/api/v3/{path}" + (f"?{urlencode(rest)}" if rest else "")


def snippets(method: str, route: str, told: Told) -> list[dict[str, str]]:
    """The example of an endpoint as x-codeSamples."""
    path = address(route, told.asked)
    return [
        {"lang": "Shell", "label": "curl", "source": _curl(method, path, told.sent)},
        {"lang": "Python", "label": "Python", "source": _python(method, path, told.sent)},
        {"lang": "JavaScript", "label": "JavaScript", "source": _script(method, path, told.sent)},
    ]


def _curl(method: str, path: str, sent: Any) -> str:
    lines = [f'curl "$SITE{path}"', '--header "Authorization: Bearer $TOKEN"']
    if sent is not None:
        lines.append(f"--json '{json.dumps(sent)}'")
    if method not in ("GET", "POST") or (method == "POST" and sent is None):
        lines.insert(1, f"--request {method}")
    return " \\\n  ".join(lines) + "\n"


def _python(method: str, path: str, sent: Any) -> str:
    given = sent is not None
    return PYTHON.format(
        path=path,
        method=method,
        kind=', "Content-Type": "application/json"' if given else "",
        data=f"\n    data=json.dumps({sent!r}).encode()," if given else "",
        shown="json.load(answer)" if given else "answer.read().decode()",
    )


def _script(method: str, path: str, sent: Any) -> str:
    given = sent is not None
    return JAVASCRIPT.format(
        path=path,
        method=json.dumps(method),
        kind=', "Content-Type": "application/json"' if given else "",
        body=f"\n  body: JSON.stringify({json.dumps(sent)})," if given else "",
    )
