"""Generate docs/api-reference.md from the OpenAPI document."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

Node = dict[str, Any]

INTRODUCTION = """\
# API reference

<!-- Generated from the OpenAPI document by `make docs`. Do not edit. -->

One section per endpoint. The [guide](api.md) explains their common features: authentication, pages,
filters, conditional requests, idempotency and limits. All paths are relative to `/api/v3/`. The
examples use two variables and an alias:

```sh
export SITE=http://localhost:8000/api/v3 TOKEN=tt_…      # `make run` prints a token
alias tt='curl --silent --header "Authorization: Bearer $TOKEN"'
```
"""
PREFIX = "/api/v3/"
JSON = "application/json"
PROBLEM = "application/problem+json"
METHODS = ("get", "post", "patch", "put", "delete")
# The part of an operation's description that this page shows in another place.
ACCESS = re.compile(r"^(?:Permission `|Open to )[^\n]*$\n?", re.M)
CODE_LINE = re.compile(r"^\* `([a-z-]+)`", re.M)
CHOICE_LINES = re.compile(r"(?:^\* `[^`]*` - [^\n]*$\n?)+", re.M)
MAX_LINE_CHARS = 120
# Predicates on a method and an operation. The errors common to each group are listed once.
GROUPS: dict[str, Callable[[str, Node], bool]] = {
    "all endpoints": lambda method, one: True,
    "endpoints with a permission": lambda method, one: bool(one.get("x-permission")),
    "`POST`, `PATCH` and `DELETE`": lambda method, one: method != "get",
}
# Notes for common parameters that the document does not describe.
PARAMETER_NOTES = {
    "after": "only rows with a higher id",
    "cursor": "a position from `next` or `previous`",
    "fields": "fields of the response, separated by commas",
    "format": "overrides `Accept`",
    "order": "column to sort by; `-` for descending order",
    "per_page": "rows per page",
}


def render_api_reference(document: Node) -> str:
    """Return the text of docs/api-reference.md for an OpenAPI 3.1 document."""
    return ApiReference(document).render()


class ApiReference:
    """The Markdown page of one OpenAPI document."""

    def __init__(self, document: Node) -> None:
        self._schemas: Node = document.get("components", {}).get("schemas", {})
        self._events: Node = document.get("webhooks", {})
        self._operations = list(_operations(document))
        self._common = {name: self._shared_codes(applies) for name, applies in GROUPS.items()}

    def render(self) -> str:
        """Return the whole page: common errors, then the endpoints of each tag."""
        groups: dict[str, list[str]] = {}
        for path, method, one in self._operations:
            tag = (one.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(self._section(path, method, one))
        parts = [INTRODUCTION, self._contents(), self._common_errors()]
        for tag in sorted(groups):
            parts += [f"## {_title(tag)}\n", *groups[tag]]
        if self._events:
            parts.append(self._event_sections())
        return "\n".join(parts)

    def _contents(self) -> str:
        rows = ["| endpoint | purpose | permission |", "|---|---|---|"]
        for path, method, one in self._operations:
            name = _name(path, method)
            permission = one.get("x-permission")
            cell = f"`{permission}`" if permission else "none"
            rows.append(f"| [`{name}`](#{_anchor(name)}) | {one.get('summary', '')} | {cell} |")
        return "\n".join([*rows, ""])

    def _shared_codes(self, applies: Callable[[str, Node], bool]) -> set[str]:
        """Return the error codes that all operations of a group have in common."""
        codes = [
            set(_error_codes(one)) for _, method, one in self._operations if applies(method, one)
        ]
        return set.intersection(*codes) if codes else set()

    def _common_errors(self) -> str:
        lines = ["[Errors](errors.md) describes every error. The sections below omit these:\n"]
        previous: set[str] = set()
        for name, codes in self._common.items():
            text = ", ".join(f"`{code}`" for code in sorted(codes - previous))
            lines.append(f"* {name}: {text}.")
            previous |= codes
        return "\n".join([*lines, ""])

    def _section(self, path: str, method: str, one: Node) -> str:
        lines = [f"### {_name(path, method)}\n"]
        if one.get("deprecated"):
            lines.append("**Deprecated.**\n")
        lines.append(f"{_sentence(one.get('summary', ''))}\n")
        if description := _plain_description(one.get("description", "")):
            lines.append(f"{description}\n")
        lines.append(_access(one))
        lines += [self._parameters(one), self._body(one), _call(path, method, one)]
        lines += [self._responses(one), self._errors(method, one)]
        return "\n".join(filter(None, lines))

    def _parameters(self, one: Node) -> str:
        parameters = one.get("parameters", ())
        rows = [self._parameter(each) for each in parameters if each["in"] != "header"]
        headers = [f"`{each['name']}`" for each in parameters if each["in"] == "header"]
        lines = ["| parameter | in | type | |", "|---|---|---|---|", *rows, ""] if rows else []
        lines += [f"Optional headers: {', '.join(headers)}.\n"] if headers else []
        return "\n".join(lines)

    def _parameter(self, parameter: Node) -> str:
        text = CHOICE_LINES.sub("", parameter.get("description", "")).strip()
        text = text or PARAMETER_NOTES.get(parameter["name"], "")
        notes = ["required"] if parameter.get("required") and parameter["in"] != "path" else []
        notes += [f"**deprecated**: {text}"] if parameter.get("deprecated") else [text]
        return _row(
            f"`{parameter['name']}`",
            parameter["in"],
            self._type(parameter.get("schema", {})),
            ". ".join(filter(None, notes)),
        )

    def _body(self, one: Node) -> str:
        content = one.get("requestBody", {}).get("content", {})
        if not content:
            return ""
        schema = self._resolved(content.get(JSON, {}).get("schema", {}))
        required = schema.get("required", ())
        rows = [
            _row(
                f"`{name}`",
                "yes" if name in required else "no",
                self._type(field),
                CHOICE_LINES.sub("", field.get("description", "")).strip(),
            )
            for name, field in schema.get("properties", {}).items()
        ]
        lines = ["| field | required | type | |", "|---|---|---|---|", *rows, ""] if rows else []
        others = [f"`{form}`" for form in content if form != JSON]
        if others:
            lines.append(f"The body can also be sent as {', '.join(others)}.\n")
        return "\n".join(lines)

    def _responses(self, one: Node) -> str:
        lines = []
        examples: list[Any] = []
        for status, response in _successes(one):
            content = response.get("content", {})
            forms = [f"`{form}`" for form in content if form not in (JSON, PROBLEM)]
            forms = [f"`{JSON}`", *forms] if forms and JSON in content else forms
            text = "" if status >= "400" else response.get("description", "").strip().rstrip(".")
            text = "" if text == HTTPStatus(int(status)).phrase else text.replace("\n", " ")
            parts = [f"**{status}**", text, f"({', '.join(forms)})" if forms else ""]
            lines.append(" ".join(filter(None, parts)))
            example = _example(content.get(JSON, {}))
            if example is not None and example not in examples:
                examples.append(example)
        summary = f"Responses: {'; '.join(lines)}.\n" if lines else ""
        blocks = [f"```json\n{format_json(example)}\n```\n" for example in examples]
        return "\n".join(filter(None, [summary, *blocks]))

    def _errors(self, method: str, one: Node) -> str:
        codes = set(_error_codes(one))
        for name, applies in GROUPS.items():
            codes -= self._common[name] if applies(method, one) else set()
        return f"Errors: {', '.join(f'`{code}`' for code in sorted(codes))}.\n" if codes else ""

    def _event_sections(self) -> str:
        lines = [
            "## Webhook events\n",
            "Requests that TraceTrack sends to your URL; see [webhooks](webhooks.md).\n",
        ]
        for name, event in self._events.items():
            post = event.get("post", {})
            body = post.get("requestBody", {}).get("content", {}).get(JSON, {})
            lines += [f"### {name}\n", f"{_sentence(post.get('summary', ''))}\n"]
            if (example := _example(body)) is not None:
                lines.append(f"```json\n{format_json(example)}\n```\n")
        return "\n".join(lines)

    def _resolved(self, schema: Node) -> Node:
        name = schema.get("$ref", "").rpartition("/")[2]
        resolved: Node = self._schemas.get(name, schema)
        return resolved

    def _type(self, schema: Node) -> str:
        """Return a short description of the values that a schema allows."""
        schema = self._resolved(schema)
        if choices := schema.get("enum"):
            return ", ".join("null" if one is None else f"`{one}`" for one in choices)
        if alternatives := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            # An empty string as an alternative only says that the field may be blank.
            filled = [one for one in alternatives if one.get("maxLength") != 0]
            return " or ".join(dict.fromkeys(self._type(one) for one in filled))
        kinds = schema.get("type", "any")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "array" in kinds:
            return f"list of {self._type(schema.get('items', {}))}"
        return " or ".join([*kinds]) + _limits(schema)


def format_json(value: Any, width: int = MAX_LINE_CHARS, indent: int = 0) -> str:
    """Return `value` as JSON in lines of up to `width` characters, as full as possible."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= width or not isinstance(value, dict | list) or not value:
        return line
    items = value.items() if isinstance(value, dict) else (("", item) for item in value)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = [opening]
    for number, (key, item) in enumerate(items):
        start = f"{json.dumps(key)}: " if isinstance(value, dict) else ""
        text = start + format_json(item, width, indent + 1 + len(start))
        separator = ", " if number else ""
        if indent + len(lines[-1] + separator + text.split("\n")[0]) > width - 2 and number:
            lines[-1] += ","
            lines.append(" " * (indent + 1) + text)
        else:
            lines[-1] += separator + text
        *before, last = lines[-1].split("\n")
        lines[-1:] = [*before, last]
    return "\n".join(lines) + closing


def _operations(document: Node) -> Iterator[tuple[str, str, Node]]:
    for path, item in sorted(document.get("paths", {}).items()):
        for method in METHODS:
            if method in item:
                yield path.removeprefix(PREFIX), method, item[method]


def _name(path: str, method: str) -> str:
    return f"{method.upper()} {path}"


def _anchor(heading: str) -> str:
    """Return the fragment by which Markdown renderers link to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _title(tag: str) -> str:
    return tag[:1].upper() + tag[1:]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _plain_description(text: str) -> str:
    """Return an operation's description without the line about access."""
    return re.sub(r"\n{3,}", "\n\n", ACCESS.sub("", text)).strip()


def _access(one: Node) -> str:
    permission, scope = one.get("x-permission"), one.get("x-scope")
    facts = [f"Permission: `{permission}`" if permission else "Permission: none"]
    facts += [f"scope: `{scope}`"] if scope else []
    facts += [f"rate limit: `{one['x-allowance']}`"] if one.get("x-allowance") else []
    return f"{'; '.join(facts)}.\n"


def _call(path: str, method: str, one: Node) -> str:
    """Return an example request for curl."""
    values = {
        parameter["name"]: parameter["example"]
        for parameter in one.get("parameters", ())
        if "example" in parameter
    }
    query = {
        parameter["name"]: values[parameter["name"]]
        for parameter in one.get("parameters", ())
        if parameter["in"] == "query" and parameter["name"] in values
    }
    url = re.sub(r"\{(\w+)\}", lambda match: _path_value(values, match[1]), path)
    url += f"?{urlencode(query)}" if query else ""
    command = f'tt "$SITE/{url}"'
    body = _example(one.get("requestBody", {}).get("content", {}).get(JSON, {}))
    if method not in ("get", "post") or (method == "post" and body is None):
        command += f" --request {method.upper()}"
    if body is not None:
        text = format_json(body)
        command += f" --json '{text}'" if "\n" not in text else f" --json '\n{text}'"
    return f"```sh\n{command}\n```\n"


def _path_value(values: Mapping[str, Any], name: str) -> str:
    return quote(str(values[name]), safe="") if name in values else f"<{name}>"


def _example(content: Node) -> Any:
    """Return the example of a media type, None if it has none."""
    if "example" in content:
        return content["example"]
    examples = list(content.get("examples", {}).values())
    return examples[0].get("value") if examples else None


def _successes(one: Node) -> Iterator[tuple[str, Node]]:
    for status, response in sorted(one.get("responses", {}).items()):
        if status < "300" or JSON in response.get("content", {}):
            yield status, response


def _error_codes(one: Node) -> Iterator[str]:
    for response in one.get("responses", {}).values():
        content = response.get("content", {}).get(PROBLEM)
        if content is not None:
            found = list(_code_enum(content.get("schema", {})))
            yield from found or CODE_LINE.findall(response.get("description", ""))


def _code_enum(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        code = schema.get("properties", {}).get("code", {})
        yield from code.get("enum", [code["const"]] if "const" in code else [])
        for part in schema.get("allOf", ()):
            yield from _code_enum(part)


def _limits(schema: Node) -> str:
    """Return the bounds of a number or the maximum length of a string, in brackets."""
    if "maxLength" in schema:
        return f" (up to {schema['maxLength']} characters)"
    low, high = schema.get("minimum"), schema.get("maximum")
    high = None if high is not None and high >= 2**31 - 1 else high
    default = f", default {schema['default']}" if schema.get("default") not in (None, 0) else ""
    if low is not None and high is not None:
        return f" ({low} to {high}{default})"
    return f" ({schema['format']})" if schema.get("format") in ("date", "date-time", "uuid") else ""


def _row(*cells: str) -> str:
    texts = [" ".join(cell.split()).replace("|", "&#124;") for cell in cells]
    return f"| {' | '.join(texts)} |"
