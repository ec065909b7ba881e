"""A message that was written elsewhere and is sent as it is, byte for byte."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from data.errors import InputError, Problem
from ncp import tables
from ncp.client.message import Message
from ncp.client.partner import Partner
from ncp.model import Operation
from ncp.soap import SoapFault, content_type, read

_BOUNDARY = re.compile(rb"\A\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")
_ACTION = re.compile(rb"<(?:[\w.-]+:)?Action[^>]*>\s*([^<\s]+)\s*<")
_SERVICES = {"ITI-55": Operation.IDENTIFY, "ITI-38": Operation.PS_LIST,
             "ITI-39": Operation.PS_RETRIEVE, "ITI-41": Operation.DISPENSE}  # fmt: skip


@dataclass(frozen=True)
class Verbatim(Message):
    """A message of which only the bytes count; it is sent once."""

    content: bytes = field(default=b"", repr=False)
    kind: str = ""

    @property
    def safe(self) -> bool:
        """No: a second one would have the same message id."""
        return False

    @property
    def written(self) -> tuple[bytes, str]:
        """The message and its Content-Type."""
        return self.content, self.kind

    def again(self) -> Message:
        """Return the same message."""
        return self


def verbatim(
    content: bytes, partner: Partner, *, transaction: str = "", kind: str = ""
) -> Verbatim:
    """Return a message that is sent as it is.

    Args:
        content: a SOAP message, or a multipart one from its first boundary on.
        partner: whom it is for.
        transaction: ``ITI-55`` and so on, where the message does not say it itself.
        kind: Content-Type; the right one for the content by default.

    Raises:
        InputError: it is not clear which service it is for.
    """
    found = _ACTION.search(content)
    action = found[1].decode("utf-8", "replace") if found else ""
    known = tables.transactions()
    chosen = known.get(transaction) or next(
        (t for t in known.values() if t.request_action == action), None)  # fmt: skip
    if chosen is None:
        raise InputError(
            Problem("it is not clear which service the message is for", "wsa:Action",
                    rule=f"one of: {', '.join(known)}", remedy="say it with --transaction")
        )  # fmt: skip
    made = kind or _kind(content, action or chosen.request_action)
    message_id, body = _read(content, made)
    return Verbatim(chosen, _SERVICES[chosen.name], body, partner.service(chosen.service), (),
                    message_id=message_id, content=content, kind=made)  # fmt: skip


def _kind(content: bytes, action: str) -> str:
    boundary = _BOUNDARY.match(content)
    if not boundary:
        return content_type(action)
    return (f'multipart/related; boundary="{boundary[1].decode("latin-1")}"; '
            f'type="application/xop+xml"; start-info="application/soap+xml"; '
            f'action="{action}"')  # fmt: skip


def _read(content: bytes, kind: str) -> tuple[str, etree._Element]:
    """The message id and body; a broken message has none and is sent all the same."""
    try:
        envelope = read(content, kind)
    except SoapFault:
        return "", etree.Element("unread")
    return envelope.message_id, envelope.body


__all__ = ["Verbatim", "verbatim"]
