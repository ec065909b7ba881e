"""What a message asks for: action and body must name the same transaction.

Sources: WS-Addressing 1.0 SOAP Binding 6.4.2.4 (ActionNotSupported), the WSDL of OpenNCP 9.
"""

from __future__ import annotations

from lxml import etree

from ncp import tables
from ncp.soap.envelope import Envelope
from ncp.soap.faults import ACTION_NOT_SUPPORTED, SoapFault
from ncp.tables import Transaction


def transaction_of(envelope: Envelope, service: str = "") -> Transaction:
    """Return the transaction that a request asks for.

    Args:
        envelope: the request.
        service: name of the SOAP service that it came to (``XCPD_Service``), or empty for any.

    Raises:
        SoapFault: an action that is not known, or not here, or a body that is another message.
    """
    for transaction in tables.transactions().values():
        if transaction.request_action == envelope.action and service in ("", transaction.service):
            _same(envelope.body, transaction.request)
            return transaction
    raise SoapFault("Sender", "The action cannot be processed at the receiver.",
                    ACTION_NOT_SUPPORTED, detail=envelope.action)  # fmt: skip


def check_answer(envelope: Envelope, transaction: Transaction) -> None:
    """Check that a message is the answer of a transaction.

    Raises:
        SoapFault: the fault that it carries, or ``Receiver`` when it is another message.
    """
    if envelope.fault:
        raise envelope.fault
    if envelope.body.tag != transaction.response:
        raise SoapFault(
            "Receiver",
            f"the answer to {transaction.name} is «{etree.QName(envelope.body).localname}», not "
            f"«{etree.QName(transaction.response).localname}»",
        )


def _same(body: etree._Element, expected: str) -> None:
    if body.tag != expected:
        raise SoapFault(
            "Sender",
            f"the body is «{etree.QName(body).localname}», the action asks for "
            f"«{etree.QName(expected).localname}»",
        )
