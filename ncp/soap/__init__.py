"""SOAP 1.2 with WS-Addressing, WS-Security and MTOM: messages between contact points."""

from ncp.soap.dispatch import check_answer, transaction_of
from ncp.soap.envelope import Envelope, read
from ncp.soap.faults import SoapFault
from ncp.soap.writing import content_type, write, write_mtom

__all__ = [
    "Envelope",
    "SoapFault",
    "check_answer",
    "content_type",
    "read",
    "transaction_of",
    "write",
    "write_mtom",
]
