"""The audit of the exchange: what happened, told to auditors, to other systems and to the patient.

A `Transaction` says what happened. `atna` writes its audit message, `events` its FHIR AuditEvents;
`ncp.audit.journal` keeps them, `ncp.audit.access` answers «who saw what of mine?».
"""

from ncp.audit.fhir import events
from ncp.audit.message import Flavour, atna
from ncp.audit.reading import AuditMessage, read_atna
from ncp.audit.transaction import (
    CareRelation,
    Event,
    Indicator,
    Party,
    Transaction,
    Wire,
    categories,
    indicator,
)

__all__ = [
    "AuditMessage",
    "CareRelation",
    "Event",
    "Flavour",
    "Indicator",
    "Party",
    "Transaction",
    "Wire",
    "atna",
    "categories",
    "events",
    "indicator",
    "read_atna",
]
