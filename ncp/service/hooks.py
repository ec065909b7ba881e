"""Where faults on demand take hold of country A; by default nothing happens.

Testers of a country B need answers that a healthy contact point never gives. Each method is asked
at one point of an exchange, in this order: ``refuse`` before anything is looked up, ``entries``
with the list that would be answered, ``answer`` with the message before it is sent, ``transport``
with how it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ncp.model import DocumentEntry, Operation, Refusal


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer goes over the line.

    Attributes:
        delay: seconds to wait first.
        status: HTTP status instead of the right one; 0 leaves it.
        content_type: instead of the right one; empty leaves it.
        cut: bytes after which the connection is closed in the middle of the answer; None sends all.
        reset: no answer, the connection is reset.
    """

    delay: float = 0.0
    status: int = 0
    content_type: str = ""
    cut: int | None = None
    reset: bool = False


class Hooks(Protocol):
    """What may interfere with an exchange; called from several threads."""

    def refuse(self, operation: Operation) -> Refusal | None:
        """Return why the operation is refused before anything is looked up, or None."""

    def entries(
        self, operation: Operation, found: Sequence[DocumentEntry]
    ) -> Sequence[DocumentEntry]:
        """Return the list that is answered instead of what was found."""

    def answer(self, operation: Operation, content: bytes) -> bytes:
        """Return the message (or the document of a retrieve) that is sent instead."""

    def transport(self, operation: Operation) -> Delivery:
        """Return how the answer is sent."""


class NoHooks:
    """A healthy contact point."""

    def refuse(self, operation: Operation) -> Refusal | None:  # noqa: ARG002
        """Refuse nothing."""
        return None

    def entries(
        self, operation: Operation, found: Sequence[DocumentEntry]  # noqa: ARG002
    ) -> Sequence[DocumentEntry]:  # fmt: skip
        """Leave the list."""
        return found

    def answer(self, operation: Operation, content: bytes) -> bytes:  # noqa: ARG002
        """Leave the message."""
        return content

    def transport(self, operation: Operation) -> Delivery:  # noqa: ARG002
        """Send it as it is."""
        return Delivery()
