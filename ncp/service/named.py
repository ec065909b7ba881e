"""A treatment relationship about one prescription: then no other one is shown or dispensed.

Some countries hand a patient's prescription out only to who names it, with a PIN; country B puts
both into the TRC assertion (MyHealth@EU SAML Profiles 2.2; error 4207).
"""

from __future__ import annotations

from collections.abc import Iterable

from ncp.connector.described import Described
from ncp.model import Refusal
from ncp.service.point import Call

DIFFERS = "4207"


def concerned(call: Call) -> bool:
    """Return whether it matters which prescription is asked for."""
    named = call.trusted is not None and bool(call.trusted.prescription_id)
    return named or hasattr(call.point.connector, "opens")


def is_named(call: Call, document: Described) -> bool:
    """Return whether the assertion is about this prescription, or about none in particular."""
    named = call.trusted.prescription_id.strip() if call.trusted else ""
    if not named:
        return True
    known = {document.unique_id, *document.related, *(o.item_id for o in document.orders)}
    return named in known or named in {one.rpartition("^")[2] for one in known}


def check_named(call: Call, documents: Iterable[Described]) -> None:
    """Check that the assertion is about these prescriptions, and that its PIN opens them.

    Raises:
        Refusal: it names another prescription, or the national side does not know the PIN.
    """
    for document in documents:
        if not is_named(call, document):
            raise Refusal(DIFFERS, "The prescription is not the one of the assertion.",
                          location=document.unique_id)  # fmt: skip
        opens = getattr(call.point.connector, "opens", None)
        pin = call.trusted.pin if call.trusted else ""
        if opens is not None and not opens(document.unique_id, pin):
            raise Refusal(DIFFERS, "The PIN is not the one of the prescription.",
                          location=document.unique_id)  # fmt: skip
