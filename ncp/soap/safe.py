"""Text that XML can carry: the one place that says so, for messages made from strings."""

from __future__ import annotations

import re

from data.errors import InputError, Problem

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def checked(text: str) -> str:
    """Return a text that XML 1.0 can carry.

    Raises:
        InputError: a control character, half of a surrogate pair, U+FFFE or U+FFFF.
    """
    bad = _FORBIDDEN.search(text)
    if bad:
        raise InputError(
            Problem(f"the character U+{ord(bad[0]):04X} cannot stand in a message",
                    rule="XML 1.0, 2.2: control characters are not text",
                    remedy="take the character out of the value")
        )  # fmt: skip
    return text
