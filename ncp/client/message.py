"""A request of country B, ready to be sent: the bytes, and what they are about.

Sources: IHE ITI-55, ITI-38, ITI-39, ITI-41 as MyHealth@EU binds them; WS-Addressing 1.0.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from functools import cached_property

from lxml import etree

from ncp.model import DocumentReference, Operation, PatientId
from ncp.soap import content_type, write, write_mtom
from ncp.tables import Transaction


@dataclass(frozen=True)
class Message:
    """A request.

    Attributes:
        transaction: which of the four.
        operation: what is done, for assertions and audit.
        body: the one element of the SOAP body.
        to: URL of the service.
        assertions: as they were issued.
        patients: whom it is about; of an identification, whom it asks for.
        documents: what it asks for or provides.
        submission_set: unique id, of a submission.
        packaged: documents travel as MTOM parts.
        message_id: ``urn:uuid:...``.
    """

    transaction: Transaction
    operation: Operation
    body: etree._Element = field(repr=False)
    to: str
    assertions: tuple[bytes, ...] = field(repr=False)
    patients: tuple[PatientId, ...] = ()
    documents: tuple[DocumentReference, ...] = ()
    submission_set: str = ""
    packaged: bool = False
    message_id: str = field(default_factory=lambda: f"urn:uuid:{uuid.uuid4()}")

    @property
    def safe(self) -> bool:
        """Whether it may be asked twice without harm: everything but a submission."""
        return self.transaction.name != "ITI-41"

    @cached_property
    def written(self) -> tuple[bytes, str]:
        """The message and its Content-Type."""
        action = self.transaction.request_action
        if self.packaged:
            return write_mtom(self.body, action=action, to=self.to, message_id=self.message_id,
                              assertions=self.assertions)  # fmt: skip
        content = write(self.body, action=action, to=self.to, message_id=self.message_id,
                        assertions=self.assertions)  # fmt: skip
        return content, content_type(action)

    def again(self) -> Message:
        """Return the same request with a message id of its own.

        A contact point refuses an id that it has seen, and it may have seen one whose answer was
        lost.
        """
        return replace(self, message_id=f"urn:uuid:{uuid.uuid4()}")
