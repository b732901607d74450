"""The Hindi catalogue: `make messages` updates it from templates, Python code and problems."""

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
APPS = ("tracetrack", "accounts", "bags", "scans", "dashboard")
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
}  # fmt: skip
HEADER = r"""# TraceTrack in Hindi. `make messages` updates the messages; translate them here.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"POT-Creation-Date: 2026-11-24 00:00+0000\n"
"PO-Revision-Date: 2026-11-24 00:00+0000\n"
"Language: hi\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
Message = tuple[str | tuple[str, ...], str | None]


def source_messages() -> set[Message]:
    """Return the message ids of all texts on pages, with their contexts."""
    return {*_python_messages(), *_template_messages(), *_problem_messages()}


def load_catalogue() -> Catalog:
    """Return the catalogue in the repository."""
    with PO.open("rb") as file:
        return read_po(file, locale="hi")


def compile_catalogue(catalogue: Catalog) -> bytes:
    """Return the content of the .mo file."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def update_catalogue() -> list[str]:
    """Add new messages, remove unused ones and compile; return the ids without translation."""
    new, old = Catalog(locale="hi", fuzzy=False), load_catalogue()
    for text, context in sorted(source_messages(), key=str):
        previous = old.get(text if isinstance(text, str) else text[0], context)
        new.add(text, previous.string if previous else "", context=context)
    body = BytesIO()
    write_po(body, new, width=100, omit_header=True, sort_output=True)
    PO.write_text(HEADER + body.getvalue().decode(), encoding="utf-8")
    MO.write_bytes(compile_catalogue(load_catalogue()))
    return [str(message.id) for message in new if message.id and not any(message.string or "")]


def _python_messages() -> Iterator[Message]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _extract(path.read_bytes())


def _template_messages() -> Iterator[Message]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        # Python's tokenizer rejects the indentation of HTML.
        yield from _extract("\n".join(map(str.strip, source.splitlines())).encode())


def _problem_messages() -> Iterator[Message]:
    # Errors of GraphQL and webhooks are for programs, in English only.
    for kind in problem_classes():
        if kind.__module__.split(".")[0] in APPS:
            yield from ((detail, None) for detail in (kind.detail, *kind.other_details))
            if kind.remedy:
                yield kind.remedy, None


def _extract(source: bytes) -> Iterator[Message]:
    for _, text, _, context in extract("python", BytesIO(source), KEYWORDS):
        if text:
            yield text, context


if __name__ == "__main__":
    django.setup()
    sys.stdout.writelines(f"Not translated yet: {text}\n" for text in update_catalogue())
