"""Words of somebody else, made safe to show on a terminal, a page or in a log.

A control character can move the cursor, colour a line or rename a window (ECMA-48), and a sign of
direction can turn a line round (Unicode UAX 9): a name or a title never needs one.
"""

from __future__ import annotations

from ips.identifiers import mask

_JOINERS = "\u200c\u200d"
"""Not printable by themselves, but part of how names are spelt in Persian and Indic letters."""


def plain(words: str) -> str:
    """Return words from abroad in one line and without what steers a terminal; numbers stay.

    For what is shown to a professional because it was asked for: names, titles, identifiers.

    >>> plain("Test\\x1b[31m Testesen")
    'Test [31m Testesen'
    """
    if words.isascii() and words.isprintable():
        return words
    return "".join(c if c.isprintable() or c in _JOINERS else " " for c in words)


def plain_lines(words: str) -> str:
    """Return words of several lines, each as `plain` has it."""
    return "\n".join(map(plain, words.split("\n")))


def harmless(words: str) -> str:
    """Return words from abroad as `plain` does, and without numbers of people.

    For errors, which end in logs and letters.

    >>> harmless("no patient 09926601137")
    'no patient 09*********'
    """
    return mask(plain(words))
