"""Wrong answers, made from right ones: the bytes are changed, nothing is built anew."""

from __future__ import annotations

import re
from collections.abc import Callable

_UUID = b"00000000-0000-4000-8000-000000000000"


def _sub(pattern: bytes, to: bytes, count: int = 1) -> Callable[[bytes, str], bytes]:
    compiled = re.compile(pattern, re.DOTALL)
    return lambda content, value: compiled.sub(to, content, count=count)  # noqa: ARG005


def _echoed(content: bytes, value: str) -> bytes:  # noqa: ARG001
    """Another number in the repeated query; the patient stays."""
    head, mark, tail = content.partition(b"queryByParameter")
    return head + mark + re.sub(rb'(<[^<>]*value [^<>]*extension=")[^"]*', rb"\g<1>00000000000",
                                tail, count=1)  # fmt: skip


def _patient(content: bytes, value: str) -> bytes:  # noqa: ARG001
    """Another number on the patient that comes back; the repeated query stays."""
    return re.sub(rb'(<[^<>]*patient classCode="PAT"[^<>]*><[^<>]*extension=")[^"]*',
                  rb"\g<1>00000000000", content, count=1)  # fmt: skip


def _leak(content: bytes, value: str) -> bytes:
    """Country A says more than it should in what it refuses."""
    if b"RegistryError " in content:
        return content.replace(b'codeContext="', b'codeContext="' + value.encode() + b" ", 1)
    return re.sub(rb"(acknowledgementDetail[^>]*>.*?text>)", rb"\g<1>" + value.encode() + b" ",
                  content, count=1, flags=re.DOTALL)  # fmt: skip


ANSWERS: dict[str, Callable[[bytes, str], bytes]] = {
    "wrong-echo": _echoed,
    "no-echo": _sub(rb"<(\w+:)?queryByParameter\b.*</(\w+:)?queryByParameter>", b""),
    "wrong-person": _patient,
    "custodian-missing": _sub(rb"<(\w+:)?custodian\b.*?</(\w+:)?custodian>", b"", 0),
    "birth-date-missing": _sub(rb'<(\w+:)?birthTime value="[^"]*"/>', b"", 0),
    "message-id-new": _sub(rb'(PRPA_IN201306UV02[^>]*><[^<>]*id [^<>]*extension=")[^"]*',
                           rb"\g<1>" + _UUID),
    "status-wrong": _sub(rb"ResponseStatusType:Success", b"ResponseStatusType:Failure"),
    "status-unknown": _sub(rb'status="[^"]*ResponseStatusType:\w+"', b'status="Fine"'),
    "relates-to-wrong": _sub(rb"(<wsa:RelatesTo>)[^<]*", rb"\g<1>urn:uuid:" + _UUID),
    "relates-to-missing": _sub(rb"<wsa:RelatesTo>[^<]*</wsa:RelatesTo>", b""),
    "action-wrong": _sub(rb"(<wsa:Action[^>]*>)[^<]*", rb"\g<1>urn:example:wrong"),
    "not-xml": _sub(rb"</env:Envelope>", b"</env:Envelop>"),
    "another-id": _sub(rb"(<[^<>]*DocumentUniqueId>)[^<]*", rb"\g<1>2.25.1"),
    "leak": _leak,
}  # fmt: skip
"""What becomes of an answer, by fault."""
