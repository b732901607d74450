"""The rules of docs/architecture.md and the links of the documentation."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from django.apps import apps

from tests.environment import ROOT
from tracetrack.openapi.error_reference import problem_classes

APPS = (
    "accounts",
    "audit",
    "bags",
    "dashboard",
    "demo",
    "graphql_api",
    "scans",
    "tracetrack",
    "webhooks",
)
PRODUCT = [
    path
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]
PYTHON = [*PRODUCT, *(path for app in ("tests", "bench") for path in (ROOT / app).rglob("*.py"))]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "bench").glob("*.md"), *(ROOT / "docs").rglob("*.md")]
MAX_FUNCTION_LINES = 50
VAGUE_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py", "lib.py"}
CACHE_IMPORT = re.compile(r"^(?:from|import) (?:redis|django_redis|django\.core\.cache)", re.M)
SIGNAL = re.compile(r"\breceiver\(|\.connect\(")
INDEX = re.compile(r"Index: ([a-z_]+(?:,\s+(?:-- )?[a-z_]+)*)")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]+))?\)")
CODE = re.compile(r"^```.*?^```$", re.M | re.S)
FILE_NAME = re.compile(r"`((?:[a-z_]+/)+(?:[\w.-]+\.[a-z]+)?)`")


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def read(path):
    return path.read_text(encoding="utf-8")


class TestPythonFiles:
    def test_have_names_that_say_what_they_contain(self):
        assert names(path for path in PYTHON if path.name in VAGUE_NAMES) == []

    def test_have_a_docstring(self):
        bare = [path for path in PYTHON if read(path).strip() and not docstring(path)]
        assert names(bare) == []

    def test_have_short_functions(self):
        long = [
            f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
            for path in PYTHON
            for function in functions(path)
            if function.end_lineno - function.lineno >= MAX_FUNCTION_LINES
        ]
        assert long == []

    def test_do_not_use_signals(self):
        assert names(path for path in PRODUCT if SIGNAL.search(read(path))) == []

    def test_use_redis_and_caches_only_in_the_cache_package(self):
        cache = ROOT / "tracetrack" / "cache"
        others = [path for path in PRODUCT if not path.is_relative_to(cache)]
        assert names(path for path in others if CACHE_IMPORT.search(read(path))) == []

    def test_do_not_import_test_modules(self):
        importing = [
            path
            for path in PYTHON
            if any(
                part.startswith("test_") for module in imports(path) for part in module.split(".")
            )
        ]
        assert names(importing) == []


class TestLayers:
    def test_are_respected(self):
        linter = Path(sys.executable).parent / "lint-imports"
        run = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)

        assert run.returncode == 0, run.stdout

    def test_are_those_of_the_architecture_page(self):
        project = tomllib.loads(read(ROOT / "pyproject.toml"))
        (contract,) = (
            contract
            for contract in project["tool"]["importlinter"]["contracts"]
            if contract["type"] == "layers"
        )
        page = read(ROOT / "docs" / "architecture.md")
        block = re.search(r"^```\n(.*?)^```$", page, re.M | re.S)

        assert block is not None
        assert block[1].splitlines() == contract["layers"]


class TestIndexes:
    def test_are_named_by_the_query_that_uses_them(self):
        files = [*PRODUCT, *(path for app in APPS for path in (ROOT / app).rglob("*.sql"))]
        groups = INDEX.findall(" ".join(read(path) for path in files))
        used = {name.strip(" -\n") for group in groups for name in group.split(",")}
        models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
        indexes = {index.name for model in models for index in model._meta.indexes}

        assert indexes - used == set()


class TestProblems:
    def test_have_unique_codes_and_titles(self):
        classes = problem_classes()
        assert len({kind.code for kind in classes}) == len(classes)
        assert len({kind.title for kind in classes}) == len(classes)

    def test_have_titles_without_facts(self):
        assert [kind.code for kind in problem_classes() if "{" in kind.title] == []

    def test_have_details_that_are_sentences(self):
        incomplete = [
            kind.code for kind in problem_classes() if not kind.detail.endswith((".", "!", "?"))
        ]
        assert incomplete == []


class TestDocs:
    def test_name_every_setting(self):
        text = read(ROOT / "docs" / "settings.md")
        settings = read(ROOT / "tracetrack" / "settings.py")
        variables = re.findall(r"env\.[a-z]+\(\s*\"([A-Z_]+)\"", settings)

        assert variables
        assert [name for name in variables if f"`{name}`" not in text] == []

    def test_link_to_existing_files_and_headings(self):
        broken = [
            f"{page.relative_to(ROOT)}: {target}#{fragment}"
            for page in PAGES
            for target, fragment in LINK.findall(read(page))
            if not exists(page.parent / target if target else page, fragment)
        ]
        assert broken == []

    def test_name_existing_files(self):
        pages = [
            *(ROOT / "docs").glob("*.md"),
            *(ROOT / "docs" / "decisions").glob("*.md"),
            ROOT / "README.md",
            ROOT / "CONTRIBUTING.md",
        ]
        missing = [
            f"{page.relative_to(ROOT)}: {name}"
            for page in pages
            for name in FILE_NAME.findall(CODE.sub("", read(page)))
            if name.split("/")[0] in {*APPS, "docs", "tests", "bench", "templates", "locale"}
            if not (ROOT / name).exists()
        ]
        assert missing == []

    def test_have_the_version_of_the_changelog(self):
        project = read(ROOT / "pyproject.toml")
        version = re.search(r"^version = \"(.+)\"", project, re.M)

        assert version is not None
        assert f"## {version[1]}" in read(ROOT / "CHANGELOG.md")


class TestDecisionRecords:
    def test_have_the_three_headings(self):
        wrong = [
            path
            for path in (ROOT / "docs" / "decisions").glob("*.md")
            if re.findall(r"^#{2,} (.+)$", read(path), re.M)
            != ["Context", "Decision", "Consequences"]
        ]
        assert names(wrong) == []


def docstring(path):
    return ast.get_docstring(ast.parse(read(path)))


def functions(path):
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(path):
    """Yield the dotted names that a module imports."""
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" for alias in node.names)


def exists(path, fragment):
    """Return whether a file exists and, if a fragment is given, has a heading with that anchor."""
    if not path.exists():
        return False
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", read(path)), re.M) if fragment else []
    anchors = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
    return not fragment or fragment in anchors
