"""Find English text on Hindi pages: Latin letters that are neither data nor proper names."""

import re
from collections.abc import Collection, Iterable
from html.parser import HTMLParser

from accounts.models import ApiToken, User
from bags.models import Area, Bag, BagType, Batch
from scans.models import Scan

# Proper names and words that are also used in Hindi.
NAMES = {
    "TraceTrack", "API", "CSV", "XLSX", "PNG", "NDJSON", "JSON", "JavaScript", "Redis", "OpenAPI",
    "HTTPS", "UTF", "UUID", "GLN", "IP", "IST", "URL", "Asia", "Kolkata", "UTC", "kg", "ms", "MB",
    "KB", "CPU", "SQL",
    "pg_stat_statements", "pg", "stat", "statements", "db",
}  # fmt: skip
TEXT_ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-text-none", "data-text-count")
SKIPPED_ELEMENTS = {"script", "style", "code", "kbd"}
VOID_ELEMENTS = {"meta", "link", "input", "br", "hr", "img", "use", "path", "rect"}
WORD = re.compile(r"[A-Za-z][A-Za-z]+")


class _Texts(HTMLParser):
    """Collect the texts of a page, except codes and texts marked as another language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        foreign = (
            attributes.get("lang", "hi") != "hi" or "code" in attributes.get("class", "").split()
        )
        skipped = tag in SKIPPED_ELEMENTS or foreign or (bool(self._open) and self._open[-1])
        if not skipped:
            self.found += [attributes[name] for name in TEXT_ATTRIBUTES if name in attributes]
        if tag not in VOID_ELEMENTS:
            self._open.append(skipped)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID_ELEMENTS and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1]):
            self.found.append(data)


def visible_texts(html: str) -> list[str]:
    """Return the visible texts of a page, and the attributes that screen readers read."""
    parser = _Texts()
    parser.feed(html)
    return [text for text in map(str.strip, parser.found) if text]


def english_texts(texts: Iterable[str], data: Collection[str]) -> list[str]:
    """Return the texts that contain an English word."""
    known = NAMES | set(WORD.findall(" ".join(data)))
    # A placeholder such as {count} is not a word.
    return [text for text in texts if set(WORD.findall(re.sub(r"\{\w+\}", "", text))) - known]


def data_words() -> list[str]:
    """Return texts that users wrote into the database: names, codes, notes, reasons."""
    rows = [
        *Area.objects.values_list("code", "name"),
        *User.objects.values_list("username", "first_name", "last_name"),
        *Bag.objects.values_list("code"),
        *Batch.objects.values_list("code", "product", "variety", "held_reason", "notes"),
        *Scan.objects.values_list("station", "note"),
        *ApiToken.objects.values_list("name", "prefix"),
    ]
    types = [name for (name,) in BagType.objects.values_list("name")]
    return [str(value) for row in rows for value in row] + types + [t.title() for t in types]
