"""The colours and the print rules of the page, read from its style sheet.

WCAG 2.1: 1.4.3 asks 4.5:1 of text, 1.4.11 asks 3:1 of graphics and focus.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import reports.page

CSS = Path(reports.page.__file__).with_name("page.css").read_text(encoding="utf-8")
SCREEN, _, PRINT = CSS.partition("@media print")
_VARIABLES = dict(re.findall(r"--(\w+):(#[0-9a-fA-F]{3,6})", SCREEN))


def _rules(css: str) -> dict[str, dict[str, str]]:
    """Return the declarations of every selector; later ones win."""
    found: dict[str, dict[str, str]] = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        said = dict(d.split(":", 1) for d in body.split(";") if ":" in d)
        for selector in selectors.split(","):
            found.setdefault(selector.strip(), {}).update(said)
    return found


RULES = _rules(SCREEN)


def colour(text: str) -> str | None:
    """Return a colour of a declaration as #rrggbb, with variables put in."""
    text = re.sub(r"var\(--(\w+)\)", lambda m: _VARIABLES[m[1]], text)
    match = re.search(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b", text)
    if not match:
        return None
    digits = match[1]
    return f"#{digits if len(digits) == 6 else ''.join(2 * d for d in digits)}".lower()


def said(selector: str, *names: str) -> str | None:
    """Return the first colour that a selector sets by one of several names."""
    rule = RULES[selector]
    return next((c for n in names if n in rule and (c := colour(rule[n]))), None)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.1 defines it."""

    def luminance(text: str) -> float:
        parts = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _must(selector: str, *names: str) -> str:
    found = said(selector, *names)
    assert found, f"{selector} sets no {names}"
    return found


INK, MUTED, LINK, PALE = (_VARIABLES[n] for n in ("ink", "muted", "link", "pale"))
WHITE = _must("body", "background")
TARGET = _must(".obligations tr:target", "background")
PAIRS = {
    selector: (_must(selector, "color"), said(selector, "background") or WHITE)
    for selector, rule in RULES.items()
    if "color" in rule and colour(rule["color"])
}
TINTED = {s: _must(s, "background") for s in (".h-low", ".h-middle", ".h-high", ".h-unknown")}


def test_the_formula_gives_the_ratios_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("selector", PAIRS)
def test_text_has_enough_contrast(selector: str) -> None:
    ink, ground = PAIRS[selector]
    assert contrast(ink, ground) >= 4.5, f"{selector}: {ink} on {ground}"


@pytest.mark.parametrize(
    ("what", "ink", "ground"),
    [
        ("text on a box", INK, PALE),
        ("small text on a box", MUTED, PALE),
        ("text in the row that was linked to", INK, TARGET),
        ("small text in that row", MUTED, TARGET),
        ("links in that row", LINK, TARGET),
        ("links on white", LINK, WHITE),
        ("links in a box", LINK, PALE),
    ],
)
def test_text_has_enough_contrast_on_every_ground(what: str, ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5, what


def test_small_text_takes_the_colour_of_its_cell_in_the_heat_map() -> None:
    assert RULES[".heat .small"]["color"] == "inherit"
    for selector, ground in TINTED.items():
        assert contrast(_must(selector, "color"), ground) >= 4.5


def test_links_are_underlined_or_stand_apart_from_text() -> None:
    assert "text-decoration" not in RULES["a"]


@pytest.mark.parametrize("part", [".band .track", ".band .range", ".band .point"])
def test_each_part_of_a_band_stands_out_from_the_page(part: str) -> None:
    outline = said(part, "stroke") or _must(part, "fill")
    assert contrast(outline, WHITE) >= 3


def test_the_mark_of_the_point_stands_out_from_the_band_it_lies_on() -> None:
    assert contrast(_must(".band .point", "fill"), _must(".band .range", "fill")) >= 3


def test_bars_and_their_legend_have_an_outline() -> None:
    for selector in ("svg.stack", ".legend i"):
        assert contrast(_must(selector, "border"), WHITE) >= 3


def test_every_status_has_its_own_colour_in_bar_and_legend() -> None:
    names = ("met", "partial", "not-met", "not-assessed")
    bars = [_must(f".s-{n}", "fill") for n in names]
    assert bars == [_must(f".k-{n}", "background") for n in names]
    assert all(contrast(a, b) > 1.15 for a, b in itertools.pairwise(bars))


def test_focus_is_visible_on_light_and_dark() -> None:
    rule = RULES["[tabindex]:focus-visible"]
    assert rule["outline"].startswith("3px")
    ring, halo = colour(rule["outline"]), colour(rule["box-shadow"])
    assert ring
    assert halo
    assert contrast(halo, WHITE) >= 3
    assert contrast(ring, _must("thead th", "background")) >= 3


def test_type_scales_and_nothing_is_fixed_in_width() -> None:
    assert not re.search(r"(?<!max-)(?<!min-)width:\d{3,}px", SCREEN)
    assert RULES[".scroll"]["overflow-x"] == "auto"


def test_the_page_prints_on_a4_with_heads_on_every_sheet() -> None:
    assert re.search(r"@page\s*\{[^}]*size:\s*A4", PRINT)
    rules = _rules(PRINT.replace("@page", "page"))
    assert rules["nav"]["display"] == "none"
    assert rules["thead"]["display"] == "table-header-group"
    assert rules["tr"]["break-inside"] == "avoid"
    assert rules["h2"]["break-after"] == "avoid"
    assert rules[".scroll"]["overflow"] == "visible"
    assert rules["*"]["print-color-adjust"] == "exact"


def test_every_class_of_the_templates_is_styled_or_structural() -> None:
    folder = Path(reports.page.__file__).with_name("templates")
    source = "\n".join(f.read_text(encoding="utf-8") for f in folder.glob("*.j2"))
    used = {c for value in re.findall(r'class="([^"{]*)', source) for c in value.split()}
    styled = set(re.findall(r"\.([a-z][\w-]*)", CSS))
    assert {c for c in used if not c.endswith("-")} - styled <= {
        "part", "picked", "rows", "steps", "systems"
    }  # fmt: skip
