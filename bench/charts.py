"""python -m bench.charts: how each case grows with the site, as one SVG.

    python -m bench.charts growth.svg 40000=small.json 400000=middle.json 4000000=full.json

The files are what `SIZE=… JSON=… make bench` wrote. Both axes are logarithmic: a horizontal
line does not depend on the size of the site.
"""

import json
import math
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDE, HIGH, COLUMNS = 270, 190, 3
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 40, 30
SIZES = {40_000: "40 thousand", 400_000: "4 lakh", 4_000_000: "40 lakh", 40_000_000: "4 crore"}
STYLE = """
    text { font: 11px system-ui, sans-serif; fill: #57606a }
    .name { font-weight: 600; font-size: 12px; fill: #1f2328 }
    .grid { stroke: #d0d7de; stroke-width: 1 }
    .ours { stroke: #0969da; fill: none; stroke-width: 2.5 }
    .against { stroke: #8c959f; fill: none; stroke-width: 1.5; stroke-dasharray: 4 3 }
    .at { fill: #0969da } .there { fill: #8c959f }
    @media (prefers-color-scheme: dark) {
        text { fill: #9198a1 } .name { fill: #f0f6fc } .grid { stroke: #3d444d }
        .ours { stroke: #4493f8 } .at { fill: #4493f8 }
    }
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """Figures of one case at each size: bags, ours, against."""

    name: str
    unit: str
    points: list[tuple[int, float, float]]


def curves(results: dict[int, list[dict[str, object]]]) -> list[Curve]:
    """Return the cases measured at several sizes, in the order of the largest site."""
    found: dict[str, Curve] = {}
    for bags in sorted(results, reverse=True):
        for one in results[bags]:
            if one["ours"] and one["against"]:
                name = str(one["case"])
                curve = found.setdefault(name, Curve(name, str(one["unit"]), []))
                curve.points.insert(0, (bags, _number(one["ours"]), _number(one["against"])))
    return [curve for curve in found.values() if len(curve.points) > 1]


def picture(drawn: list[Curve]) -> str:
    """Return all curves as one SVG."""
    rows = math.ceil(len(drawn) / COLUMNS)
    panels = "".join(
        f'<g transform="translate({nth % COLUMNS * WIDE} {nth // COLUMNS * HIGH})">{panel(one)}</g>'
        for nth, one in enumerate(drawn)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{COLUMNS * WIDE}" '
        f'height="{rows * HIGH + 24}" role="img" aria-label="Growth of each case">'
        f"<style>{STYLE}</style>{panels}"
        f'<text x="{LEFT}" y="{rows * HIGH + 14}">solid: TraceTrack · dashed: comparison · '
        "both axes logarithmic</text></svg>\n"
    )


def panel(curve: Curve) -> str:
    """Return the SVG of one case."""
    figures = [figure for _, ours, against in curve.points for figure in (ours, against)]
    low, high = math.floor(math.log10(min(figures))), math.ceil(math.log10(max(figures)))
    high = max(high, low + 1)
    first, last = math.log10(curve.points[0][0]), math.log10(curve.points[-1][0])

    def x(bags: int) -> float:
        return LEFT + (math.log10(bags) - first) / (last - first) * (WIDE - LEFT - RIGHT)

    def y(figure: float) -> float:
        return HIGH - BOTTOM - (math.log10(figure) - low) / (high - low) * (HIGH - TOP - BOTTOM)

    parts = [f'<text class="name" x="{LEFT}" y="18">{escape(curve.name)}</text>']
    parts.append(f'<text x="{LEFT}" y="32">{escape(curve.unit)}</text>')
    for power in range(low, high + 1, max(1, (high - low) // 3)):
        at = y(10.0**power)
        parts.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDE - RIGHT}"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
        )
    for bags, _, _ in curve.points:
        side = {curve.points[0][0]: "start", curve.points[-1][0]: "end"}.get(bags, "middle")
        name = SIZES.get(bags, f"{bags:,}")
        parts.append(f'<text x="{x(bags):.1f}" y="{HIGH - 12}" text-anchor="{side}">{name}</text>')
    for nth, (line, dot) in enumerate((("against", "there"), ("ours", "at"))):
        spots = [(x(point[0]), y(point[2 - nth])) for point in curve.points]
        path = "L".join(f"{across:.1f} {down:.1f}" for across, down in spots)
        parts.append(f'<path class="{line}" d="M{path}"/>')
        parts += [
            f'<circle class="{dot}" cx="{across:.1f}" cy="{down:.1f}" r="2.5"/>'
            for across, down in spots
        ]
    return "".join(parts)


def _number(value: object) -> float:
    return float(str(value))


def main(target: str, *pairs: str) -> None:
    """Draw the results of files, each given as BAGS=PATH."""
    results = {}
    for pair in pairs:
        bags, _, path = pair.partition("=")
        results[int(bags)] = json.loads(Path(path).read_text())
    Path(target).write_text(picture(curves(results)), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
