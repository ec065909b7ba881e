"""ITI-39: country B fetches documents by their ids.

Source: IHE ITI TF-2 3.39 and 3.43; OpenNCP 9 XCAServiceImpl (answers the first request only);
gematik (several in one message, PartialSuccess).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from data.results import Result
from ncp.codes import RS, XDS, Status, bare, urn
from ncp.messages.attachments import content_of
from ncp.messages.building import add
from ncp.messages.ebxml.registry import add_errors, read_errors, read_status, status_of
from ncp.messages.reading import Findings, text
from ncp.model import DocumentReference, Refusal
from ncp.soap.faults import SoapFault

REQUEST = f"{{{XDS}}}RetrieveDocumentSetRequest"
RESPONSE = f"{{{XDS}}}RetrieveDocumentSetResponse"
_ONE = f"{{{XDS}}}DocumentRequest"
_ANSWER = f"{{{XDS}}}DocumentResponse"
_HOME = f"{{{XDS}}}HomeCommunityId"
_REPOSITORY = f"{{{XDS}}}RepositoryUniqueId"
_UNIQUE = f"{{{XDS}}}DocumentUniqueId"
_MIME = f"{{{XDS}}}mimeType"
_DOCUMENT = f"{{{XDS}}}Document"
_REGISTRY = f"{{{RS}}}RegistryResponse"
_SOURCE = "IHE ITI TF-2 3.43.4.1.2"


@dataclass(frozen=True, slots=True)
class RetrieveRequest:
    """The documents that country B asks for."""

    documents: tuple[DocumentReference, ...]
    findings: tuple[Result, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One document with what it answers."""

    reference: DocumentReference
    content: bytes
    mime_type: str = "text/xml"


@dataclass(frozen=True, slots=True)
class RetrieveResponse:
    """The documents that country A gives."""

    status: Status
    documents: tuple[Retrieved, ...]
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Result, ...] = field(default=(), compare=False)


def retrieve(request: RetrieveRequest) -> etree._Element:
    """Build the request.

    Raises:
        InputError: a character that XML cannot carry.
    """
    root = etree.Element(REQUEST, nsmap={"xds": XDS})
    for one in request.documents:
        _reference(add(root, _ONE), one)
    return root


def _reference(parent: etree._Element, one: DocumentReference) -> None:
    if one.home:
        add(parent, _HOME, text=urn(one.home))
    add(parent, _REPOSITORY, text=one.repository)
    add(parent, _UNIQUE, text=one.unique_id)


def read_retrieve(element: etree._Element, *, quirks: str = "") -> RetrieveRequest:
    """Read the request; the home community may be missing (Danish test requests).

    Args:
        quirks: ``openncp`` sees the first document only.

    Raises:
        SoapFault: not this message.
        Refusal: no document, or one without its id.
    """
    if element.tag != REQUEST:
        raise SoapFault("Sender", f"the body is no RetrieveDocumentSetRequest: {element.tag}")
    found = Findings()
    documents = [_read_reference(one, found) for one in element.iterchildren(_ONE)]
    if not documents or not all(one.unique_id for one in documents):
        raise Refusal("ERROR_GENERIC_DOCUMENT_MISSING", "a document is asked for without its id"
                      if documents else "no document is asked for",
                      location="DocumentUniqueId", status="Failure")  # fmt: skip
    if quirks == "openncp":
        del documents[1:]
    return RetrieveRequest(tuple(documents), found.all())


def _read_reference(element: etree._Element, found: Findings) -> DocumentReference:
    home = text(element.find(_HOME))
    repository = text(element.find(_REPOSITORY))
    where = f"/{etree.QName(element).localname}"
    found.want(home.startswith("urn:oid:"), "iti39-home", "HomeCommunityId is missing or no "
               "urn:oid:", f"{where}/HomeCommunityId", "IHE ITI TF-2 3.39.4.1.2")  # fmt: skip
    found.want(repository, "iti39-repository", "RepositoryUniqueId is missing",
               f"{where}/RepositoryUniqueId", _SOURCE)  # fmt: skip
    return DocumentReference(bare(home), bare(repository), text(element.find(_UNIQUE)))


def retrieve_response(
    documents: Sequence[Retrieved] = (),
    refusals: Sequence[Refusal] = (),
    status: str = "",
    *,
    quirks: str = "",
) -> etree._Element:
    """Build the answer, the documents as base64 (``soap.write_mtom`` makes parts of them).

    Arguments and errors as in ``query_response``.
    """
    root = etree.Element(RESPONSE, nsmap={"xds": XDS, "rs": RS})
    registry = add(root, _REGISTRY, {
        "status": status_of(refusals, given=bool(documents), status=status),
    })  # fmt: skip
    add_errors(registry, refusals, quirks)
    for one in documents:
        answer = add(root, _ANSWER)
        _reference(answer, one.reference)
        add(answer, _MIME, text=one.mime_type)
        add(answer, _DOCUMENT, text=base64.b64encode(one.content).decode())
    return root


def read_retrieve_response(
    element: etree._Element, attachments: Mapping[str, bytes] | None = None
) -> RetrieveResponse:
    """Read the answer, documents inline or as attachments.

    Args:
        element: the body of the message.
        attachments: ``Envelope.attachments``.

    Raises:
        SoapFault: not this message, or a document that is neither base64 nor an attachment.
    """
    if element.tag != RESPONSE:
        raise SoapFault("Receiver", f"the answer is no RetrieveDocumentSetResponse: {element.tag}")
    found = Findings()
    registry = element.find(_REGISTRY)
    if registry is None:
        raise SoapFault("Receiver", "the RetrieveDocumentSetResponse has no RegistryResponse")
    documents = []
    for one in element.iterchildren(_ANSWER):
        content = content_of(one.find(_DOCUMENT), attachments or {})
        documents.append(Retrieved(_read_reference(one, found), content, text(one.find(_MIME))))
    return RetrieveResponse(
        read_status(registry, found), tuple(documents), read_errors(registry, found), found.all()
    )
