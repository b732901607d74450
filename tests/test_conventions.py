"""The rules of docs/architecture.md, as tests."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

from tests.environment import ROOT
from tracetrack.errors.problem import Problem

APPS = ("tracetrack", "bags", "scans", "webhooks", "graphql_api", "dashboard")
OURS = [
    path
    for folder in (*APPS, "tests", "bench")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
PRODUCT = [path for path in OURS if path.relative_to(ROOT).parts[0] in APPS]
WEB = [
    path
    for folder in ("templates", "dashboard/static")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".html", ".js", ".css"} and "vendor" not in path.parts
]
CACHES = r"^(?:from|import) (?:redis|django_redis|django\.core\.cache)"
DRAWERS = {
    "utils.py", "helpers.py", "common.py", "core.py", "services.py", "signals.py", "constants.py",
    "managers.py", "base.py", "misc.py", "lib.py",
}  # fmt: skip


def ids(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def functions(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def problems():
    found: list[type[Problem]] = []
    waiting = list(Problem.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.split(".")[0] in APPS:
            found.append(kind)
    return found


class TestEveryFile:
    @pytest.mark.parametrize("path", OURS + WEB, ids=ids(OURS + WEB))
    def test_has_at_most_300_lines(self, path):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300

    @pytest.mark.parametrize("path", OURS, ids=ids(OURS))
    def test_is_no_drawer(self, path):
        assert path.name not in DRAWERS

    @pytest.mark.parametrize("path", OURS, ids=ids(OURS))
    def test_says_what_belongs_there(self, path):
        text = path.read_text(encoding="utf-8")
        assert not text.strip() or ast.get_docstring(ast.parse(text))

    @pytest.mark.parametrize("path", OURS, ids=ids(OURS))
    def test_has_no_function_over_40_lines(self, path):
        long = [f.name for f in functions(path) if f.end_lineno - f.lineno + 1 > 40]
        assert long == []

    @pytest.mark.parametrize("path", PRODUCT, ids=ids(PRODUCT))
    def test_hears_no_signals(self, path):
        assert not re.search(r"\breceiver\(|\.connect\(", path.read_text(encoding="utf-8"))

    @pytest.mark.parametrize("path", PRODUCT, ids=ids(PRODUCT))
    def test_leaves_redis_and_caches_to_the_cache(self, path):
        text = path.read_text(encoding="utf-8")
        named = re.search(
            r"^(?:from|import) (?:redis|django_redis|django\.core\.cache)", text, re.M
        )
        assert named is None or path.name.startswith("cache")


class TestTheLayers:
    def test_are_kept(self):
        linter = Path(sys.executable).parent / "lint-imports"
        run = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)

        assert run.returncode == 0, run.stdout


class TestEveryIndex:
    def indexes(self):
        for app in APPS:
            for model in apps.get_app_config(app).get_models():
                yield from (index.name for index in model._meta.indexes)

    def test_has_a_reader_that_names_it(self):
        texts = [p.read_text(encoding="utf-8") for p in PRODUCT]
        texts += [p.read_text(encoding="utf-8") for a in APPS for p in (ROOT / a).rglob("*.sql")]
        named = set(re.findall(r"Index: ([a-z_]+(?:,\s+(?:-- )?[a-z_]+)*)", " ".join(texts)))
        readers = {name.strip(" -\n") for group in named for name in group.split(",")}

        assert set(self.indexes()) - readers == set()


class TestEveryProblem:
    def test_has_a_code_of_its_own(self):
        codes = [kind.code for kind in problems()]
        assert len(codes) == len(set(codes))

    def test_is_explained_in_the_docs(self):
        text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
        assert [kind.code for kind in problems() if f"`{kind.code}`" not in text] == []

    def test_has_a_title_that_is_the_same_whatever_its_facts(self):
        assert [kind.code for kind in problems() if "{" in kind.title] == []
        titles = [kind.title for kind in problems()]
        assert len(titles) == len(set(titles))

    def test_says_a_sentence(self):
        assert [k.code for k in problems() if not re.search(r"[.!?]$", k.detail)] == []


class TestTheDocs:
    def test_name_every_setting(self):
        text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
        settings = (ROOT / "tracetrack" / "settings.py").read_text(encoding="utf-8")
        named = re.findall(r"env\.[a-z]+\(\s*\"([A-Z_]+)\"", settings)

        assert named
        assert [name for name in named if f"`{name}`" not in text] == []

    @pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda p: p.name)
    def test_point_to_files_that_exist(self, page):
        links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))

        assert [link for link in links if not (page.parent / link).exists()] == []

    def test_of_the_readme_point_to_files_that_exist(self):
        links = re.findall(
            r"\]\((?!https?:|#)([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8")
        )
        assert [link for link in links if not (ROOT / link).exists()] == []

    def test_have_the_version_of_the_changelog(self):
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        version = re.search(r"^version = \"(.+)\"", project, re.M)

        assert version is not None
        assert f"## {version[1]}" in changelog
