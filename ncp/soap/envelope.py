"""Reading a SOAP 1.2 message: envelope, addressing, security header, body, attachments.

What makes a message unusable raises a fault, as SOAP says; what merely departs from the profile is
told beside the value, for those who judge. Sources: SOAP 1.2 Part 1; WS-Addressing 1.0 Core and
SOAP Binding; WS-Security 1.0; IHE ITI TF-2x Appendix V; MyHealth@EU as OpenNCP 9 implements it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from data.errors import InputError
from data.results import Outcome, Result, Severity
from ips.xml import parse
from ncp.codes import SAML, SOAP, SOAP_11, WSA, WSA_ANONYMOUS, WSSE
from ncp.soap import mime
from ncp.soap.faults import HEADER_REQUIRED, INVALID_HEADER, INVALID_SECURITY, SoapFault

MAX_MESSAGE = 64 * 1024 * 1024
"""Largest message in bytes, with its attachments (images in PDF are the heavy ones)."""

LONGEST_ID = 1024
"""Characters of a message id: it is kept, to know the message again, and sent back."""

_ENVELOPE = f"{{{SOAP}}}Envelope"
_HEADER = f"{{{SOAP}}}Header"
_BODY = f"{{{SOAP}}}Body"
_FAULT = f"{{{SOAP}}}Fault"
_MUST = f"{{{SOAP}}}mustUnderstand"
_ROLE = f"{{{SOAP}}}role"
_SECURITY = f"{{{WSSE}}}Security"
_ASSERTION = f"{{{SAML}}}Assertion"
_FOR_US = ("", SOAP + "/role/ultimateReceiver", SOAP + "/role/next")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A SOAP message as it was read.

    Attributes:
        action: ``wsa:Action``.
        message_id, to, reply_to, relates_to: the other addressing headers; empty where absent.
        security: the ``wsse:Security`` element, or None.
        assertions: the SAML assertions in it, in document order.
        body: the one child of ``soap:Body``.
        attachments: bytes by content id, without ``cid:`` and brackets.
        fault: the fault that the body is, or None.
        findings: departures from the profile that do not make the message unusable.
    """

    action: str
    message_id: str
    to: str
    reply_to: str
    relates_to: str
    security: etree._Element | None
    assertions: tuple[etree._Element, ...]
    body: etree._Element
    attachments: dict[str, bytes] = field(default_factory=dict)
    fault: SoapFault | None = None
    findings: tuple[Result, ...] = ()


def read(
    content: bytes, content_type: str, *, answer: bool = False, limit: int = MAX_MESSAGE
) -> Envelope:
    """Read a message.

    Args:
        content: the body of the HTTP message.
        content_type: its Content-Type; without one the content is read as one XML document.
        answer: read it as an answer: missing addressing headers are a finding, no fault, and a
            ``soap:Fault`` body is given as ``fault``.
        limit: largest message in bytes.

    Raises:
        SoapFault: not a SOAP 1.2 message that can be dealt with.
    """
    if len(content) > limit:
        raise SoapFault("Sender", f"the message is larger than {limit // 2**20} MiB")
    kind, parameters = mime.media_type(content_type)
    attachments: dict[str, bytes] = {}
    root_content = content
    if kind == "multipart/related":
        root_content, attachments = _parts(content, parameters)
    header, body = _structure(_parsed(root_content))
    seen = _Addressing(header)
    try:
        return _envelope(kind, parameters, seen, header, body, attachments, answer=answer)
    except SoapFault as fault:
        fault.relates_to = seen.first("MessageID")[:LONGEST_ID]
        raise


def _envelope(
    kind: str,
    parameters: dict[str, str],
    seen: _Addressing,
    header: etree._Element | None,
    body: etree._Element,
    attachments: dict[str, bytes],
    *,
    answer: bool,
) -> Envelope:
    security = _security(header)
    _must_understand(header)
    action, message_id = seen.one("Action"), seen.one("MessageID")
    # Transports may name the action too; then both must say the same (WS-Addressing 6.4.1.4).
    named = parameters.get("action", "")
    if action and named and named != action:
        raise SoapFault("Sender", "the action of the Content-Type is not that of the message",
                        INVALID_HEADER, detail="wsa:ActionMismatch")  # fmt: skip
    if not answer:
        for name, value in (("Action", action), ("MessageID", message_id)):
            if not value:
                raise SoapFault("Sender", f"the message has no wsa:{name}", HEADER_REQUIRED,
                                detail=f"wsa:{name}")  # fmt: skip
        if len(message_id) > LONGEST_ID:
            raise SoapFault("Sender", f"wsa:MessageID is longer than {LONGEST_ID} characters",
                            INVALID_HEADER)  # fmt: skip
    findings = [*_media_findings(kind), *seen.findings(security, answer=answer)]
    assertions = tuple(security.iterchildren(_ASSERTION)) if security is not None else ()
    return Envelope(
        action or named, message_id, seen.one("To"), seen.address("ReplyTo"),
        seen.one("RelatesTo"), security, assertions, body, attachments,
        SoapFault.of(body) if body.tag == _FAULT else None, tuple(findings),
    )  # fmt: skip


def _parts(content: bytes, parameters: dict[str, str]) -> tuple[bytes, dict[str, bytes]]:
    """The part that holds the envelope, and the others by content id."""
    parts = mime.split(content, parameters.get("boundary", ""))
    start = parameters.get("start", "").strip("<>")
    roots = [part for part in parts if part.content_id == start] if start else parts[:1]
    if len(roots) != 1:
        raise SoapFault("Sender", "the multipart message has no part that it starts with")
    attachments: dict[str, bytes] = {}
    for part in parts:
        if part is roots[0]:
            continue
        if not part.content_id or part.content_id in attachments:
            raise SoapFault("Sender", "a part of the message has no Content-ID of its own")
        attachments[part.content_id] = part.content
    return roots[0].content, attachments


def _parsed(content: bytes) -> etree._Element:
    try:
        return parse(content, name="message")
    except InputError as error:
        problem = error.problems[0]
        place = problem.where.removeprefix("message").lstrip(":")
        raise SoapFault(
            "Sender", f"{problem.what} (line {place})" if place else problem.what
        ) from None


def _structure(root: etree._Element) -> tuple[etree._Element | None, etree._Element]:
    """Header (or None) and the one element of the body."""
    if root.tag != _ENVELOPE:
        name = etree.QName(root)
        if name.localname == "Envelope" and name.namespace != SOAP:
            version = "1.1" if name.namespace == SOAP_11 else f"«{name.namespace or ''}»"
            raise SoapFault("VersionMismatch", f"the envelope is SOAP {version}, not SOAP 1.2")
        raise SoapFault("Sender", f"the message is no SOAP envelope but «{name.localname}»")
    children = [child for child in root if isinstance(child.tag, str)]
    bodies = [child for child in children if child.tag == _BODY]
    if len(bodies) != 1:
        raise SoapFault("Sender", f"the envelope has {len(bodies) or 'no'} Body, not one")
    header = children[0] if children[0].tag == _HEADER else None
    if len(children) > (2 if header is not None else 1) or children[-1].tag != _BODY:
        raise SoapFault("Sender", "the envelope has more than Header and Body in this order")
    inside = [child for child in bodies[0] if isinstance(child.tag, str)]
    if len(inside) != 1:
        raise SoapFault("Sender", f"the Body has {len(inside) or 'no'} elements, not one")
    return header, inside[0]


def _security(header: etree._Element | None) -> etree._Element | None:
    found = list(header.iterchildren(_SECURITY)) if header is not None else []
    if len(found) > 1:
        raise SoapFault("Sender", "more than one wsse:Security header", INVALID_SECURITY)
    return found[0] if found else None


def _must_understand(header: etree._Element | None) -> None:
    """Fault when a block that must be understood is none that this room knows (SOAP 1.2, 2.6)."""
    if header is None:
        return
    unknown = tuple(
        str(block.tag)
        for block in header
        if isinstance(block.tag, str)
        and block.get(_MUST, "").strip() in ("1", "true")
        and block.get(_ROLE, "") in _FOR_US
        and block.tag != _SECURITY
        and etree.QName(block).namespace != WSA
    )
    if unknown:
        names = ", ".join(etree.QName(name).localname for name in unknown)
        raise SoapFault("MustUnderstand", f"header blocks not understood: {names}",
                        not_understood=unknown)  # fmt: skip


class _Addressing:
    """The WS-Addressing headers of a message."""

    def __init__(self, header: etree._Element | None) -> None:
        self._blocks: dict[str, list[etree._Element]] = {}
        for block in header if header is not None else ():
            if isinstance(block.tag, str) and block.tag.startswith(f"{{{WSA}}}"):
                self._blocks.setdefault(etree.QName(block).localname, []).append(block)

    def first(self, name: str) -> str:
        """The text of the first header of a name, however many there are."""
        found = self._blocks.get(name, [])
        return (found[0].text or "").strip() if found else ""

    def one(self, name: str) -> str:
        """The text of a header that may stand once (RelatesTo: the first)."""
        found = self._blocks.get(name, [])
        if len(found) > 1 and name != "RelatesTo":
            raise SoapFault("Sender", f"wsa:{name} stands {len(found)} times", INVALID_HEADER,
                            detail="wsa:InvalidCardinality")  # fmt: skip
        return self.first(name)

    def address(self, name: str) -> str:
        """The address of an endpoint reference."""
        found = self._blocks.get(name, [])
        return (found[0].findtext(f"{{{WSA}}}Address") or "").strip() if found else ""

    def findings(self, security: etree._Element | None, *, answer: bool) -> list[Result]:
        """What the profile wants and SOAP does not need."""
        found = []
        action = self._blocks.get("Action", [])
        if answer:
            if not action:
                found.append(_finding("soap-action", "the answer has no wsa:Action",
                                      "WS-Addressing 1.0 SOAP Binding 3.2"))  # fmt: skip
            if not self.one("RelatesTo"):
                found.append(_finding("soap-relates-to", "the answer has no wsa:RelatesTo",
                                      "WS-Addressing 1.0 Core 3.4"))  # fmt: skip
            return found
        if action and action[0].get(_MUST, "") not in ("1", "true"):
            found.append(_finding("soap-action-must", "wsa:Action is not mustUnderstand",
                                  "IHE ITI TF-2x V.3.2.2"))  # fmt: skip
        if security is not None and security.get(_MUST, "") not in ("1", "true"):
            found.append(_finding("soap-security-must", "wsse:Security is not mustUnderstand",
                                  "OpenNCP 9 client"))  # fmt: skip
        if not self.one("To"):
            found.append(_finding("soap-to", "the message has no wsa:To",
                                  "IHE ITI TF-2x V.3.2.2"))  # fmt: skip
        if self.address("ReplyTo") not in ("", WSA_ANONYMOUS):
            found.append(_finding("soap-reply-to", "wsa:ReplyTo is not anonymous; the answer goes "
                                  "back on the same connection", "OpenNCP 9 client"))  # fmt: skip
        if not self.one("MessageID").startswith("urn:"):
            found.append(_finding("soap-message-id", "wsa:MessageID is no URN",
                                  "WS-Addressing 1.0 Core 3.2"))  # fmt: skip
        return found


def _media_findings(kind: str) -> list[Result]:
    if kind in (mime.SOAP_TYPE, "multipart/related"):
        return []
    return [
        _finding("soap-media-type", f"the Content-Type is «{kind}», not {mime.SOAP_TYPE}",
                 "SOAP 1.2 Part 2, 7.1.4")
    ]  # fmt: skip


def _finding(rule: str, message: str, source: str) -> Result:
    return Result(rule, Outcome.FAIL, Severity.WARNING, message, "/Envelope/Header", source=source)
