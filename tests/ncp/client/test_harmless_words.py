"""Words from another country reach the terminal without numbers of people and without control."""

from __future__ import annotations

from ncp.client.answers import harmless


def test_a_national_number_is_masked_and_control_characters_are_gone():
    said = harmless("\x9b[31mno such patient 09926601137\x1b[0m\r")
    assert "09926601137" not in said
    assert said.isprintable()
    assert "no such patient" in said
