"""The charts show the results."""

import json
import xml.etree.ElementTree as ET

import pytest

from bench.charts import curves, main, panel

SVG = "{http://www.w3.org/2000/svg}"


def result(ours, against, case="page_depth"):
    return {
        "case": case, "ours": ours, "against": against, "unit": "ms", "ratio": 1.0, "bar": None,
        "holds": True,
    }  # fmt: skip


def heights(curve, kind):
    drawn = ET.fromstring(f"<svg>{panel(curve)}</svg>")
    return [float(dot.attrib["cy"]) for dot in drawn.iter("circle") if dot.attrib["class"] == kind]


class TestCurve:
    def test_is_flat_for_constant_figures_and_rises_for_growing_ones(self):
        (curve,) = curves({10: [result(2, 3)], 100: [result(2, 30)], 1000: [result(2, 300)]})

        assert len(set(heights(curve, "at"))) == 1
        first, second, third = heights(curve, "there")
        assert first - second == pytest.approx(second - third, abs=0.2)
        assert first > second > third

    def test_needs_two_sizes(self):
        assert curves({10: [result(2, 3)], 100: [result(2, 3, case="crowd")]}) == []

    def test_omits_missing_figures(self):
        assert curves({10: [result(None, None)], 100: [result(2, 3)]}) == []


class TestChart:
    def test_has_a_panel_per_case(self, tmp_path):
        for bags in (40_000, 4_000_000):
            both = [result(1, 2), result(0.3, 4, case="search_exact")]
            (tmp_path / f"{bags}.json").write_text(json.dumps(both))

        main(
            str(tmp_path / "all.svg"),
            *[f"{n}={tmp_path / f'{n}.json'}" for n in (40_000, 4_000_000)],
        )

        drawn = ET.parse(tmp_path / "all.svg")
        names = [t.text for t in drawn.iter(f"{SVG}text") if t.attrib.get("class") == "name"]
        assert names == ["page_depth", "search_exact"]
