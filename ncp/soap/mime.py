"""MTOM on the wire: a multipart message whose first part is the envelope, the others documents.

Sources: RFC 2046 5.1 and RFC 2387 (multipart/related), W3C MTOM 1.0 and XOP 1.0.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from ncp.soap.faults import SoapFault

SOAP_TYPE = "application/soap+xml"
XOP_TYPE = "application/xop+xml"
MAX_PARTS = 100
"""Parts of one message; a retrieve asks for a handful of documents."""

_PARAMETER = re.compile(r';\s*([A-Za-z0-9!#$&^_.+-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart message: its id without brackets, and its bytes, decoded."""

    content_id: str
    media_type: str
    content: bytes


def media_type(content_type: str) -> tuple[str, dict[str, str]]:
    """Return the type (lower case) and the parameters (lower-case names) of a Content-Type."""
    kind = content_type.partition(";")[0].strip().lower()
    parameters = {
        name.lower(): re.sub(r"\\(.)", r"\1", value[1:-1]) if value[:1] == '"' else value
        for name, value in _PARAMETER.findall(content_type)
    }
    return kind, parameters


def cid(reference: str) -> str:
    """Return the content id that an ``href="cid:..."`` means, percent signs decoded."""
    return unquote(reference.strip().removeprefix("cid:"))


def split(content: bytes, boundary: str) -> list[Part]:
    """Take a multipart body apart.

    Raises:
        SoapFault: no boundary, no part, a part without end or header, too many parts.
    """
    if not boundary:
        raise SoapFault("Sender", "the multipart message names no boundary")
    mark = b"--" + boundary.encode("latin-1", "replace")
    found = re.split(rb"(?:\A|\r?\n)" + re.escape(mark) + rb"(?=--|[ \t]*\r?\n)", content,
                     maxsplit=MAX_PARTS + 2)  # fmt: skip
    if len(found) > MAX_PARTS + 2:
        raise SoapFault("Sender", f"more than {MAX_PARTS} parts in one message")
    if len(found) < 3 or not found[-1].startswith(b"--"):
        raise SoapFault("Sender", "the multipart message has no part, or no end")
    return [_part(chunk) for chunk in found[1:-1]]


def _part(chunk: bytes) -> Part:
    # The line end of the boundary itself comes first; a part may have no header at all.
    chunk = re.sub(rb"\A[ \t]*\r?\n", b"", chunk, count=1)
    match = re.search(rb"(?:\A|\r?\n)\r?\n", chunk)
    if not match:
        raise SoapFault("Sender", "a part of the multipart message has no content")
    head = re.sub(rb"\r?\n[ \t]+", b" ", chunk[: match.start()]).decode("latin-1")
    headers = {}
    for line in head.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    content = _decoded(
        chunk[match.end() :], headers.get("content-transfer-encoding", "binary").lower()
    )
    return Part(headers.get("content-id", "").strip("<>"), headers.get("content-type", ""), content)


def _decoded(content: bytes, encoding: str) -> bytes:
    if encoding in ("binary", "8bit", "7bit", ""):
        return content
    if encoding == "base64":
        try:
            return base64.b64decode(b"".join(content.split()), validate=True)
        except binascii.Error:
            raise SoapFault("Sender", "a part of the message is not valid base64") from None
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    raise SoapFault("Sender", f"the transfer encoding «{encoding}» is not known")


def join(envelope: bytes, attachments: Mapping[str, bytes], action: str) -> tuple[bytes, str]:
    """Put a message with attachments together.

    Returns:
        The body, and its Content-Type.
    """
    mark = f"MIMEBoundary_{uuid.uuid4().hex}"
    start = f"root.{uuid.uuid4().hex}@ehds"
    chunks = [
        f'--{mark}\r\nContent-Type: {XOP_TYPE}; charset=UTF-8; type="{SOAP_TYPE}"\r\n'
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{start}>\r\n\r\n".encode(),
        envelope,
    ]
    for name, content in attachments.items():
        chunks.append(
            f"\r\n--{mark}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <{name}>\r\n\r\n".encode()
        )
        chunks.append(content)
    chunks.append(f"\r\n--{mark}--\r\n".encode())
    kind = (
        f'multipart/related; boundary="{mark}"; type="{XOP_TYPE}"; start="<{start}>"; '
        f'start-info="{SOAP_TYPE}"; action="{action}"'
    )
    return b"".join(chunks), kind
