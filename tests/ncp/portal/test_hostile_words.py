"""What a country A says is shown without numbers of people in errors and without hidden signs."""

from __future__ import annotations

from dataclasses import fields

from data.errors import Problem
from ncp.model import Refusal
from ncp.portal.calls import _environment, short
from ncp.portal.texts import Words, problem, refusal
from tests.ncp.client.test_harmless_words import HOSTILE, NUMBER


def test_a_refusal_names_nobody_and_hides_nothing():
    words = f"{NUMBER}{HOSTILE}"
    found = refusal(Refusal(words, words, location=words, reason=words), Words("nb"))
    told = problem(Problem(words, words, words, words))
    for one in (found, told):
        said = [getattr(one, field.name) for field in fields(one)]
        texts = [text for text in said if isinstance(text, str)]
        assert all(map(str.isprintable, texts))
        assert NUMBER not in "".join(texts)


def test_a_value_in_a_page_is_escaped_and_without_control_characters():
    template = _environment().from_string("<p>{{ name }}</p>\n<b>x</b>")
    assert template.render(name="<i>\x9b[31mA\nB") == "<p>&lt;i&gt; [31mA B</p>\n<b>x</b>"
    assert template.render(name=HOSTILE).replace("\n", "").isprintable()


def test_a_message_is_shown_byte_for_byte_with_what_cannot_be_seen_as_numbers():
    text, cut = short("<a>\u202eman\x9b\x00\n\tø</a>".encode() + b"\xff")
    assert str(text) == "&lt;a&gt;\\u202eman\\x9b\\x00\n\tø&lt;/a&gt;\\xff"
    assert not cut
    assert short(b"abc", 2) == ("ab", True)
