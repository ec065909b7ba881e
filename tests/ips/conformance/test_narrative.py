"""The narrative may be text with simple markup; everything else is refused (txt-1, txt-2)."""

from __future__ import annotations

import pytest

from ips.conformance.narrative import problems

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@pytest.mark.parametrize(
    "inner",
    [
        "plain",
        "<p>a <b>b</b><br/> &lt; &amp; &#160; &nbsp; &eacute;</p>",
        '<table class="x"><tbody><tr id="r"><td colspan="2">a</td></tr></tbody></table>',
        '<a href="https://example.org/">x</a><a href="#r">y</a>',
        '<img src="#picture" alt="x"/>',
        '<img src="data:image/png;base64,AAAA" alt="x"/>',
        '<span style="color: red">x</span>',
        "<!-- a comment --> x",
        '<p title="a > b">x</p>',
    ],
)
def test_simple_markup_is_allowed(inner: str) -> None:
    assert problems(DIV.format(inner)) == []
    assert problems(DIV.format(inner)) == []


@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        "<SCRIPT>alert(1)</SCRIPT>",
        "x<script src='https://example.org/x.js'/>",
        '<p onclick="x()">a</p>',
        '<img src="x" onerror="x()"/>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java&#115;cript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<img src="https://example.org/pixel.png"/>',
        '<img src="//example.org/pixel.png"/>',
        '<span style="background: url(https://example.org/x)">x</span>',
        '<span style="width: expression(alert(1))">x</span>',
        "<iframe>x</iframe>",
        "<form><input/></form>",
        '<object data="x">x</object>',
        "<style>p {}</style>",
        '<link rel="stylesheet" href="x"/>',
        '<svg xmlns="http://www.w3.org/2000/svg">x</svg>',
        '<p xmlns="http://www.w3.org/2000/svg">x</p>',
        "<p>unclosed",
        "<p>a</b></p>",
        "</div><div>two",
        "a < b",
        "a & b",
        "&nosuch;",
        "<![CDATA[x]]>",
        "<?php x ?>",
        '<p class="a" class="b">x</p>',
        "<p class=a>x</p>",
    ],
)
def test_everything_else_is_refused(inner: str) -> None:
    assert problems(DIV.format(inner))
    assert problems(DIV.format(inner))


@pytest.mark.parametrize("div", ["", "text", "<p>x</p>", "<div>x</div>", None, 3, ["x"]])
def test_a_narrative_is_a_div_in_the_namespace_of_xhtml(div: object) -> None:
    assert {key for key, _ in problems(div)} == {"txt-1"}


@pytest.mark.parametrize("inner", ["", "  \n ", "<p></p>", "<br/>"])
def test_a_narrative_has_content(inner: str) -> None:
    assert problems(DIV.format(inner)) == [("txt-2", "the narrative has no content")]
