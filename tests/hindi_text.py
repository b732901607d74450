"""What of a page still is English: Latin letters that are neither data nor a proper name."""

import re
from collections.abc import Collection, Iterable
from html.parser import HTMLParser

from accounts.models import ApiToken, User
from bags.models import Area, Bag, BagType, Batch
from scans.models import Scan

# Names, and words that are written so in Hindi, too.
NAMES = {
    "TraceTrack", "API", "CSV", "XLSX", "PNG", "NDJSON", "JSON", "JavaScript", "Redis", "OpenAPI",
    "HTTPS", "UTF", "UUID", "GLN", "IP", "IST", "URL", "Asia", "Kolkata", "UTC", "kg", "ms", "MB", "KB", "CPU", "SQL",
    "pg_stat_statements", "pg", "stat", "statements", "db",
}  # fmt: skip
SAID = ("aria-label", "title", "placeholder", "alt", "data-text-none", "data-text-count")
SILENT = {"script", "style", "code", "kbd"}
VOID = {"meta", "link", "input", "br", "hr", "img", "use", "path", "rect"}
WORD = re.compile(r"[A-Za-z][A-Za-z]+")


class _Texts(HTMLParser):
    """Everything that a page says, without what is marked as a code or as another language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        foreign = given.get("lang", "hi") != "hi" or "code" in given.get("class", "").split()
        silent = tag in SILENT or foreign or (bool(self._open) and self._open[-1])
        if not silent:
            self.found += [given[name] for name in SAID if name in given]
        if tag not in VOID:
            self._open.append(silent)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1]):
            self.found.append(data)


def visible_texts(html: str) -> list[str]:
    """What a page says, attributes that are read out included."""
    parser = _Texts()
    parser.feed(html)
    return [text for text in map(str.strip, parser.found) if text]


def english_texts(texts: Iterable[str], data: Collection[str]) -> list[str]:
    """Those of the texts that hold a word of English."""
    known = NAMES | set(WORD.findall(" ".join(data)))
    # A place where a script fills something in is no word.
    return [text for text in texts if set(WORD.findall(re.sub(r"\{\w+\}", "", text))) - known]


def data_words() -> list[str]:
    """What people themselves wrote into the database: names, codes, notes, reasons."""
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
