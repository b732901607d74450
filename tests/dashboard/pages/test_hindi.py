"""All pages in Hindi for every role, without English text; scripts without text of their own."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from accounts.tokens import issue_token
from tests.environment import ROOT
from tests.factories import (
    assign_batch,
    create_reference_data,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
    scan,
)
from tests.hindi_text import data_words, english_texts, visible_texts

FOLDER = ROOT / "dashboard" / "static" / "dashboard" / "js"
SCRIPTS = sorted(FOLDER.glob("*.js"))
PAGES = [
    "/", "/?area=lucknow&period=7d", "/?period=week", "/scan", "/account", "/account/tokens",
    "/reports", "/bags", "/bags?column=bag_type", "/bags?kind=parent",
    "/bags?state=returned&kind=parent", "/bags/SB10001", "/bags/SB40004",
    "/bags/CB001000101", "/bags/CB900000001", "/batches", "/batches/LOT-1", "/batches/LOT-2",
    "/batches/LOT-1/recall", "/search", "/search?q=SB", "/search?q=zzz", "/search?q=lot",
    "/search/suggest?q=l", "/search/suggest?q=zzz", "/system", "/nowhere", "/bags/SB77777",
    "/bags/%20", "/api/v3/docs",
]  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site(empty_rate_limits: None) -> None:
    """Bags in every state with all kinds of timeline entries, a held and a closed batch."""
    create_reference_data()
    office = make_user("olive", Role.OFFICE)
    make_parent("SB10001", children=5, actor=office)
    make_loose_child("CB900000001")
    make_parent("SB40004", children=1, actor=office)
    scan(office, "dispatch", "SB40004", area="indore", force=True, station="gate-1", note="wet")
    scan(office, "receive", "SB40004", area="indore")
    done = scan(office, "complete", "SB10001").scan
    scan(office, "complete", "SB10001")
    scan(office, "undo", "SB10001", undoes=done.pk)
    scan(office, "return", "SB10001")
    make_batch("LOT-2", state="closed", variety="RH-749")
    lot = make_batch("LOT-1", held_by=office, planned_bags=40)
    assign_batch(lot, "SB10001", "CB001000101", "CB900000001")


def hindi_client(role: str, *areas: str) -> Client:
    client = Client()
    user = make_user(f"one-{role}", role, areas)
    issue_token(user, "gate 2")
    client.force_login(user)
    client.cookies.load({"tt-language": "hi"})
    return client


class TestPages:
    @pytest.mark.parametrize("role", Role.values)
    def test_contain_no_english(self, role: str) -> None:
        client, remaining = hindi_client(role, "lucknow", "indore"), {}
        for path in PAGES:
            texts = visible_texts(client.get(path).content.decode())
            remaining[path] = english_texts(texts, [*data_words(), path])

        assert {path: texts for path, texts in remaining.items() if texts} == {}

    def test_log_in_contains_no_english(self, client: Client) -> None:
        client.cookies.load({"tt-language": "hi"})

        pages = [client.get("/login"), client.post("/login", {"username": "a", "password": "b"})]

        assert [english_texts(visible_texts(page.content.decode()), []) for page in pages] == [
            [],
            [],
        ]

    def test_empty_pages_contain_no_english(self) -> None:
        client = hindi_client(Role.OPERATOR)

        remaining = [
            text
            for path in ("/", "/account", "/bags", "/scan", "/reports")
            for text in english_texts(
                visible_texts(client.get(path).content.decode()), data_words()
            )
        ]

        assert remaining == []


class TestResponses:
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/batches/LOT-2/hold", {"reason": "damp"}),
            ("/batches/LOT-2/hold", {"reason": ""}),
            ("/batches/LOT-2/hold", {"reason": "damp" * 51}),
            ("/batches/LOT-1/release", {}),
            ("/batches/LOT-2/close", {}),
            ("/bags/CB900000001/undo", {"scan": "1"}),
            ("/account", {"old_password": "x", "new_password1": "short", "new_password2": "s"}),
            ("/account", {"old_password": "", "new_password1": "1234567890", "new_password2": ""}),
            ("/account/tokens/make", {"name": "", "scopes": ["read"]}),
            ("/account/tokens/make", {"name": "x", "scopes": []}),
            ("/account/tokens/make", {"name": "x", "scopes": ["read"], "networks": "nowhere"}),
            ("/account/tokens/make", {"name": "gate 2", "scopes": ["read"], "days": "30"}),
        ],
    )  # fmt: skip
    def test_contain_no_english(self, path: str, body: dict[str, Any]) -> None:
        response = hindi_client(Role.OFFICE).post(path, body, follow=True)

        assert (
            english_texts(visible_texts(response.content.decode()), [*data_words(), "damp"]) == []
        )

    def test_refused_undo_names_steps_in_hindi(self) -> None:
        client, user = hindi_client(Role.OFFICE), User.objects.get(username="one-office")
        registered = scan(user, "register", "SB50005").scan
        linked = scan(user, "link", "CB700000001", "SB50005").scan
        scan(user, "complete", "SB50005")

        for target in (registered, linked):
            path = f"/bags/{target.bag.code}/undo"
            response = client.post(path, {"scan": target.pk}, follow=True)
            messages = [str(message) for message in response.context["messages"]]
            assert messages
            assert english_texts(messages, ["SB CB"]) == []

    def test_refused_undo_on_hold_contains_no_english(self) -> None:
        client, user = hindi_client(Role.OFFICE), User.objects.get(username="one-office")
        number = scan(user, "inspect", "CB900000001").scan.pk

        response = client.post("/bags/CB900000001/undo", {"scan": number}, follow=True)

        assert english_texts(visible_texts(response.content.decode()), data_words()) == []


class TestScripts:
    @pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
    def test_contain_no_visible_text(self, path: Path) -> None:
        code = re.sub(r"/\*.*?\*/|(?<![:\\])//[^\n]*", "", path.read_text("utf-8"), flags=re.S)
        strings = re.findall(r"\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`", code)

        assert [text for pair in strings for text in pair if _looks_like_text(text)] == []

    def test_use_only_texts_of_page(self) -> None:
        words = hindi_client(Role.OFFICE).get("/scan").context["setup"]["texts"]
        code = "".join(path.read_text("utf-8") for path in SCRIPTS)

        used = set(re.findall(r"\btranslate\(\"([a-z-]+)\"", code))
        assert used <= words.keys()
        # Keys that the scripts choose by step or by connection state.
        assert words.keys() - used == {
            "destination", "location", "no-destination", "no-location",
            "online", "offline", "busy", "signed-out",
        }  # fmt: skip


# Names of keys, headers and others that look like text.
PROTOCOL = re.compile(
    r"^(Arrow(Up|Down)|Enter|Escape|Tab|Home|End|Accept|Content-Type|X-CSRFToken|If-None-Match"
    r"|ETag|Retry-After|POST|Calcutta|Kolkata|M|V|H)$"
)


def _looks_like_text(text: str) -> bool:
    """Return whether a string starts with a capitalised word or has three words."""
    bare = re.sub(r"\$\{[^}]*\}", " ", text)
    if PROTOCOL.match(bare.strip()) or re.search(r"[\[\]#=<>]|^\.", bare):
        return False
    capital = re.match(r"\s*[A-Z][a-z]+(\s|$|[.:,])", bare)
    return bool(capital) or bool(re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", bare))
