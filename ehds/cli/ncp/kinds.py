"""Words of the command line for kinds of document, and the role that usually asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ncp.model import DocumentKind

KINDS = {
    "ps": "60591-5", "ep": "57833-6", "mro": "56445-0", "lab": "11502-2", "discharge": "34105-7",
    "imaging": "18748-4", "images": "x-clinical-image",
}  # fmt: skip


def kind_of(word: str) -> DocumentKind:
    """Return the kind of document that a word stands for."""
    from ncp.model import DocumentKind

    return DocumentKind(KINDS[word])


def word_of(kind: DocumentKind) -> str:
    """Return the word for a kind of document; its class code where there is none."""
    return next((word for word, code in KINDS.items() if code == kind.value), kind.value)


def role_for(words: tuple[str, ...]) -> str:
    """Return the ISCO-08 role that usually asks: a pharmacist for prescriptions, else a doctor."""
    return "2262" if words and set(words) <= {"ep"} else "221"
