"""What is to be translated, and the catalogue of it: `make messages` brings locale/ up to date.

Texts come from templates, from Python, and from the problems, whose docstrings people read.
"""

import importlib
import sys
from collections.abc import Iterator
from io import BytesIO

import django
from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from tests.environment import ROOT
from tracetrack.openapi.error_reference import problem_classes

FOLDER = ROOT / "locale" / "hi" / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
APPS = ("tracetrack", "bags", "scans", "dashboard")
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
}  # fmt: skip
HEADER = r"""# TraceTrack in Hindi. `make messages` keeps the list; people write what stands in it.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"POT-Creation-Date: 2026-11-24 00:00+0000\n"
"PO-Revision-Date: 2026-11-24 00:00+0000\n"
"Language: hi\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
Message = tuple[str | tuple[str, ...], str | None]


def wanted() -> set[Message]:
    """Every text that pages show, with its context."""
    return {*_of_python(), *_of_templates(), *_of_problems()}


def kept() -> Catalog:
    """The catalogue as it lies in the repository."""
    with PO.open("rb") as file:
        return read_po(file, locale="hi")


def compiled(catalogue: Catalog) -> bytes:
    """What Django reads."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def update() -> list[str]:
    """Add what is new, drop what is gone, compile; gives what still lacks a translation."""
    new, old = Catalog(locale="hi", fuzzy=False), kept()
    for text, context in sorted(wanted(), key=str):
        before = old.get(text if isinstance(text, str) else text[0], context)
        new.add(text, before.string if before else "", context=context)
    body = BytesIO()
    write_po(body, new, width=100, omit_header=True, sort_output=True)
    PO.write_text(HEADER + body.getvalue().decode(), encoding="utf-8")
    MO.write_bytes(compiled(kept()))
    return [str(message.id) for message in new if message.id and not any(message.string or "")]


def _of_python() -> Iterator[Message]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _extracted(path.read_bytes())


def _of_templates() -> Iterator[Message]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        # To Python's tokenizer an indented line of HTML would be a mistake.
        yield from _extracted("\n".join(map(str.strip, source.splitlines())).encode())


def _of_problems() -> Iterator[Message]:
    # Importing the table of addresses imports everything that may be refused.
    importlib.import_module("tracetrack.urls")
    # Who is refused by GraphQL or a webhook is a program, and reads English.
    for kind in (each for each in problem_classes() if each.__module__.split(".")[0] in APPS):
        yield from ((detail, None) for detail in (kind.detail, *kind.other_details))
        if kind.remedy:
            yield kind.remedy, None


def _extracted(source: bytes) -> Iterator[Message]:
    for _, text, _, context in extract("python", BytesIO(source), KEYWORDS):
        if text:
            yield text, context


if __name__ == "__main__":
    django.setup()
    sys.stdout.writelines(f"Not translated yet: {text}\n" for text in update())
