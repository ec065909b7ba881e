"""SOAP 1.2 faults: what is wrong with a message as a message, before anyone reads what it says.

Sources: SOAP 1.2 Part 1, 5.4 and Appendix A; Part 2, 7.5.2.2 (HTTP status); WS-Addressing 1.0
SOAP Binding, 6.4 (subcodes).
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from ncp.codes import SOAP, WSA, WSSE
from ncp.soap.safe import checked

ACTION_NOT_SUPPORTED = "wsa:ActionNotSupported"
HEADER_REQUIRED = "wsa:MessageAddressingHeaderRequired"
INVALID_HEADER = "wsa:InvalidAddressingHeader"
INVALID_SECURITY = "wsse:InvalidSecurity"

_CODE = f"{{{SOAP}}}Code"
_SUBCODE = f"{{{SOAP}}}Subcode"
_VALUE = f"{{{SOAP}}}Value"


class SoapFault(Exception):  # a fault is what SOAP calls it
    """A message is not answered, or was answered with, a SOAP fault.

    Attributes:
        code: ``Sender``, ``Receiver``, ``VersionMismatch`` or ``MustUnderstand``.
        reason: for people.
        subcode: qualified name (``wsa:ActionNotSupported``), or text as MyHealth@EU has it
            (``HP Missing Attributes``).
        detail: what exactly, as text.
        not_understood: header blocks (``{namespace}name``) that were not understood.
        relates_to: message id of the request at fault, where it could be read.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        subcode: str = "",
        *,
        detail: str = "",
        not_understood: tuple[str, ...] = (),
    ) -> None:
        self.code, self.reason, self.subcode = code, reason, subcode
        self.detail, self.not_understood = detail, not_understood
        self.relates_to = ""
        super().__init__(f"{code}: {reason}")

    @property
    def http_status(self) -> int:
        """Return the HTTP status: 400 where the sender is to blame, else 500."""
        return 400 if self.code == "Sender" else 500

    def to_bytes(self, relates_to: str = "") -> bytes:
        """Return the fault as a SOAP 1.2 message.

        Args:
            relates_to: message id of the request; without one, the one that was read.
        """
        relates_to = relates_to or self.relates_to
        action = f"{WSA}/fault" if self.subcode.startswith("wsa:") else f"{WSA}/soap/fault"
        related = f"<wsa:RelatesTo>{_text(relates_to)}</wsa:RelatesTo>" if relates_to else ""
        subcode = (
            f"<env:Subcode><env:Value>{_text(self.subcode)}</env:Value></env:Subcode>"
            if self.subcode
            else ""
        )
        detail = (
            f'<env:Detail><d:detail xmlns:d="urn:ehds:fault">{_text(self.detail)}</d:detail>'
            "</env:Detail>"
            if self.detail
            else ""
        )
        return (
            f'<env:Envelope xmlns:env="{SOAP}" xmlns:wsa="{WSA}" xmlns:wsse="{WSSE}">'
            f"<env:Header><wsa:Action>{action}</wsa:Action>{related}{self._headers()}"
            "</env:Header><env:Body><env:Fault><env:Code>"
            f"<env:Value>env:{self.code}</env:Value>{subcode}</env:Code><env:Reason>"
            f'<env:Text xml:lang="en">{_text(self.reason)}</env:Text></env:Reason>{detail}'
            "</env:Fault></env:Body></env:Envelope>"
        ).encode()

    def _headers(self) -> str:
        """Header blocks that two codes ask for: what is supported, what was not understood."""
        if self.code == "VersionMismatch":
            return (
                f'<env:Upgrade><env:SupportedEnvelope qname="e:Envelope" xmlns:e="{SOAP}"/>'
                "</env:Upgrade>"
            )
        found = []
        for name in self.not_understood:
            namespace, _, local = name.removeprefix("{").rpartition("}")
            declared = f" xmlns:n={quoteattr(namespace)}" if namespace else ""
            prefix = "n:" if namespace else ""
            found.append(f"<env:NotUnderstood qname={quoteattr(prefix + local)}{declared}/>")
        return "".join(found)

    @classmethod
    def of(cls, fault: etree._Element) -> SoapFault:
        """Read an ``env:Fault`` element; what a stack leaves out stays empty."""
        code = fault.findtext(f"{_CODE}/{_VALUE}") or ""
        subcode = fault.findtext(f"{_CODE}/{_SUBCODE}/{_VALUE}") or ""
        reason = fault.findtext(f"{{{SOAP}}}Reason/{{{SOAP}}}Text") or ""
        detail = fault.find(f"{{{SOAP}}}Detail")
        said = " ".join("".join(map(str, detail.itertext())).split()) if detail is not None else ""
        return cls(code.strip().rpartition(":")[2], reason.strip(), subcode.strip(), detail=said)


def _text(text: str) -> str:
    return escape(checked(text))
