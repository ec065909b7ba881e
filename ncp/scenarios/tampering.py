"""What a scenario changes in a message, said in short words.

``hcp.window=-18000/-3600`` changes the identity assertion and signs it again, validly;
``hcp!set=locality:Elsewhere`` changes it after it was signed; ``trc.seal=expired`` signs it with
another seal; ``no-trc`` leaves it out, ``twice-hcp`` sends it twice; ``message.`` changes the
envelope (see ``MESSAGE``).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml import etree

from ncp.codes import SOAP, SOAP_11
from ncp.scenarios.editing import DS, edit
from ncp.trust.keys import Signer
from ncp.trust.signature import parsed, sign

_FOREIGN = (b'<x:Unknown xmlns:x="urn:example:unknown" env:mustUnderstand="1">'
            b"must not be passed over</x:Unknown>")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of a step, sorted by what they change."""

    hcp: tuple[str, ...] = ()
    trc: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    twice: frozenset[str] = frozenset()

    def of(self, kind: str) -> tuple[str, ...]:
        """Return the changes of an assertion, ``hcp`` or ``trc``."""
        return self.hcp if kind == "hcp" else self.trc


def sorted_changes(words: Sequence[str]) -> Changes:
    """Sort the words of a step.

    Raises:
        ValueError: a word that is not understood.
    """
    found: dict[str, list[str]] = {"hcp": [], "trc": [], "message": []}
    without, twice = set(), set()
    for word in words:
        if word in ("no-hcp", "no-trc"):
            without.add(word[3:])
        elif word in ("twice-hcp", "twice-trc"):
            twice.add(word[6:])
        elif (what := re.match(r"(hcp|trc)(?=[.!])|message(?=\.)", word)) is not None:
            found[what[0]].append(word[len(what[0]) :])
        else:
            raise ValueError(f"«{word}» is no change of a message")
    return Changes(tuple(found["hcp"]), tuple(found["trc"]),
                   tuple(w[1:] for w in found["message"]), frozenset(without), frozenset(twice)
                   )  # fmt: skip


def tampered(
    assertion: bytes,
    words: Sequence[str],
    seals: Callable[[str], Signer],
    now: dt.datetime,
) -> bytes:
    """Return an assertion with changes, in their order.

    Args:
        assertion: as issued.
        words: ``.word=value`` before signing, ``!word=value`` after it, ``.seal=name``.
        seals: seal by name; the own one for an empty name.
        now: moment of the request.

    Raises:
        ValueError: a change that cannot be made.
    """
    before = [w[1:] for w in words if w.startswith(".") and not w.startswith(".seal=")]
    after = [w[1:] for w in words if w.startswith("!")]
    seal = next((w[6:] for w in words if w.startswith(".seal=")), "")
    content = assertion
    if before or seal:
        root = parsed(content)
        for signature in root.findall(f"{DS}Signature"):
            root.remove(signature)
        for word in before:
            edit(root, word, now)
        content = sign(root, seals(seal))
    if after:
        root = parsed(content)
        for word in after:
            edit(root, word, now)
        content = etree.tostring(root, encoding="unicode").encode()
    return content


def _old_soap(content: bytes, value: str) -> bytes:  # noqa: ARG001
    return content.replace(SOAP.encode(), SOAP_11.encode())


def _without_header(content: bytes, value: str) -> bytes:
    return re.sub(rb"<wsa:%s\b.*?</wsa:%s>" % (value.encode(), value.encode()), b"", content,
                  count=1, flags=re.DOTALL)  # fmt: skip


def _action(content: bytes, value: str) -> bytes:
    return re.sub(rb"(<wsa:Action[^>]*>)[^<]*", rb"\g<1>" + value.encode(), content, count=1)


def _foreign_header(content: bytes, value: str) -> bytes:  # noqa: ARG001
    return content.replace(b"</env:Header>", _FOREIGN + b"</env:Header>", 1)


def _doctype(content: bytes, value: str) -> bytes:  # noqa: ARG001
    start = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    return start + content.replace(b"<wsa:MessageID>", b"<wsa:MessageID>&e;", 1)


def _cut(content: bytes, value: str) -> bytes:
    return content[: int(value)]


def _second_body(content: bytes, value: str) -> bytes:  # noqa: ARG001
    return content.replace(b"</env:Body>", b"</env:Body><env:Body/>", 1)


def _message_id(content: bytes, value: str) -> bytes:
    pattern = rb"(<wsa:MessageID>)[^<]*"
    return re.sub(pattern, rb"\g<1>" + value.encode(), content, count=1)


MESSAGE: dict[str, Callable[[bytes, str], bytes]] = {
    "soap-1.1": _old_soap,
    "without": _without_header,
    "action": _action,
    "must-understand": _foreign_header,
    "doctype": _doctype,
    "cut": _cut,
    "two-bodies": _second_body,
    "message-id": _message_id,
}
"""Changes of the envelope; ``again`` (same MessageID) and ``content-type`` are the sender's."""


def envelope(content: bytes, words: Sequence[str]) -> bytes:
    """Return a message with changes of its envelope.

    Raises:
        ValueError: no such change.
    """
    for word in words:
        name, _, value = word.partition("=")
        if name in ("again", "content-type"):
            continue
        if name not in MESSAGE:
            raise ValueError(f"there is no change «message.{name}»")
        content = MESSAGE[name](content, value)
    return content
