"""Patterns of bag types: the allowed syntax, and that no pattern is slow or breaks scans."""

import logging
import time

import pytest
from django.core.exceptions import ValidationError

from accounts.roles import Role
from bags.code_patterns import check_pattern, matches
from bags.management.commands.load_reference_data import BAG_TYPES
from bags.models import BagType
from tests.factories import TYPES, create_reference_data, make_bag_type, make_user, scan
from tracetrack.errors.problem import Problem

KINDS = ("parent_pattern", "child_pattern")
IN_USE = [
    fields[kind] for types in (BAG_TYPES, TYPES) for fields in types.values() for kind in KINDS
]


class TestPattern:
    @pytest.mark.parametrize(
        "text",
        [
            *IN_USE, "[A-Z0-9/.]+", "NONE", r"^(SB|SC)\d{5,8}$", r"(?:A|BC)-\d", r"X\.Y/Z_1",
            r"[\d.-]{2}", "A?B+C*",
        ],
    )  # fmt: skip
    def test_is_valid(self, text):
        check_pattern(text)

    @pytest.mark.parametrize(
        "text",
        [
            "", "[", "(", "A{", "[Z-A]", "A{8,5}", "A{999}", "^(A+)+Z$", "(A|A)*Z", "(A){2}",
            r"(A)\1", "(?=A)A", "(?<!A)B", "(?P<x>A)", "(?i)A", "A|B", "A++", "A+?", "[^A]", ".*",
            "[A--B]", "sb1", "SB 1", "SB\n", r"\w", r"\D", "A?" * 30 + "A" * 30, "(A|A)" * 4,
            "A" * 129,
        ],
    )  # fmt: skip
    def test_is_invalid(self, text):
        with pytest.raises(ValidationError, match="Allowed are the characters of a code"):
            check_pattern(text)

    @pytest.mark.parametrize("kind", KINDS)
    def test_is_validated_with_the_bag_type(self, kind):
        bag_type = BagType(name="x", **{"parent_pattern": "A", "child_pattern": "B", kind: "["})

        with pytest.raises(ValidationError) as refused:
            bag_type.clean_fields()

        assert list(refused.value.message_dict) == [kind]


class TestMatches:
    @pytest.mark.parametrize(
        ("pattern", "code", "matched"),
        [
            (r"^SB\d{5,8}$", "SB12345", True),
            (r"SB\d{5,8}", "SB12345", True),
            (r"SB\d{5,8}", "SB123456789", False),
            (r"SB\d{5,8}", "XSB12345", False),
            ("[", "[", False),
        ],
    )
    def test_compares_the_whole_code(self, pattern, code, matched):
        assert matches(pattern, code) is matched

    @pytest.mark.parametrize("pattern", ["^(A+)+Z$", "[A-Z]*[A-Z]*[A-Z]*1"])
    def test_is_fast(self, pattern):
        begun = time.process_time()

        assert not matches(pattern, "A" * 64)
        assert time.process_time() - begun < 1

    def test_logs_an_invalid_pattern_once(self, caplog):
        with caplog.at_level(logging.ERROR, logger="bags.code_patterns"):
            assert not matches("TOLD(", "TOLD")
            assert not matches("TOLD(", "TOLD")

        assert [record.getMessage() for record in caplog.records] == [
            "The pattern 'TOLD(' of a bag type is not valid: it matches no code."
        ]


@pytest.mark.django_db
class TestScan:
    @pytest.mark.parametrize("broken", ["[", "^(A+)+Z$"])
    def test_works_despite_an_invalid_pattern(self, broken):
        create_reference_data()
        make_bag_type("broken", parent_pattern=broken, child_pattern=broken)
        office = make_user("olive", Role.OFFICE)

        assert scan(office, "register", "SB10001").bag.kind == "parent"
        with pytest.raises(Problem):
            scan(office, "register", "A" * 64)
