"""Signing an assertion, and opening a signed one: what comes out is only what was signed.

An assertion is judged by itself, cut out of its message, so that nothing outside of it can stand
in for it. Its signature must have exactly the form of the profile before any cryptography is done,
and the content is read from the canonical bytes that the signature covers.

Sources: MyHealth@EU SAML Profiles (enveloped, RSA-SHA256, exclusive C14N, one certificate), SAML
2.0 core 5.4, XML Signature best practices.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from data.errors import InputError
from ips.xml import parse
from ncp.codes import SAML
from ncp.trust.keys import Signer
from ncp.trust.names import DS, ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256

MAX_BYTES = 256 * 1024
"""The largest assertion that is read; a real one has about ten kilobytes."""
_NAME = re.compile(r"[A-Za-z_][\w.\-]*")
_ID_ATTRIBUTES = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")


class Broken(Exception):
    """The signature, or the form of the assertion, breaks a rule.

    Attributes:
        rule: id of the rule (``form``, ``signature-profile``, ``one-certificate``,
            ``signature-value``).
        text: what is wrong.
    """

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule, self.text = rule, text


@dataclass(frozen=True, slots=True)
class Sealed:
    """An assertion whose signature fits: its content as signed, and who signed it.

    Attributes:
        content: the assertion without its signature, parsed from the signed bytes.
        certificate: certificate of the signer; whether it is trusted is another question.
    """

    content: etree._Element
    certificate: x509.Certificate


def sign(assertion: etree._Element, signer: Signer) -> bytes:
    """Sign an assertion and return its bytes; whoever carries them must not change them.

    Args:
        assertion: ``saml2:Assertion`` with an ``ID`` and its issuer as first child.
        signer: the seal.
    """
    place = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS}, attrib={"Id": "placeholder"})
    assertion.insert(1, place)
    signed = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    ).sign(
        assertion,
        key=signer.key,
        cert=[signer.certificate],
        reference_uri=str(assertion.get("ID")),
        id_attribute="ID",
    )
    return etree.tostring(signed, encoding="unicode").encode()


def raw(assertion: etree._Element | bytes) -> bytes:
    """Return the bytes of an assertion by itself, with the namespaces of where it stood."""
    if isinstance(assertion, bytes):
        return assertion
    return etree.tostring(assertion, encoding="unicode", with_tail=False).encode()


def parsed(content: bytes) -> etree._Element:
    """Read an assertion by itself, without judging its signature.

    Raises:
        Broken: too large, not well-formed, comments or processing instructions in it, or no SAML
            assertion.
    """
    body = re.sub(rb"^(\xef\xbb\xbf)?\s*<\?xml\s[^>]*\?>", b"", content)
    if any(mark in body for mark in (b"<!", b"<?")):
        raise Broken("form", "comments, CDATA and instructions have no place in an assertion")
    try:
        root = parse(content, name="assertion", limit=MAX_BYTES)
    except InputError as error:
        raise Broken("form", str(error)) from None
    if root.tag != f"{{{SAML}}}Assertion":
        raise Broken("form", "this is no SAML 2.0 assertion")
    return root


def opened(root: etree._Element) -> Sealed:
    """Verify the signature of an assertion and return what it covers.

    Args:
        root: one assertion by itself, as ``parsed`` gives it.

    Raises:
        Broken: anything but a signature of the profile that fits.
    """
    signature = _signature(root)
    _check_profile(signature, str(root.get("ID")))
    certificate = _certificate(signature)
    return Sealed(_verified(root, certificate), certificate)


def _signature(root: etree._Element) -> etree._Element:
    """Return the one signature, the second child of the assertion."""
    identifiers = [e.get(a) for e in root.iter() for a in _ID_ATTRIBUTES if e.get(a) is not None]
    if not _NAME.fullmatch(root.get("ID", "")):
        raise Broken("form", "the ID of the assertion is missing or no XML name")
    if len(identifiers) != len(set(identifiers)):
        raise Broken("form", "an ID stands twice in the assertion")
    if len(list(root.iter(f"{{{SAML}}}Assertion"))) > 1:
        raise Broken("form", "an assertion stands inside the assertion")
    found = list(root.iter(f"{{{DS}}}Signature"))
    if not found:
        raise Broken("form", "the assertion is not signed")
    if len(found) > 1:
        raise Broken("form", f"{len(found)} signatures in one assertion")
    children = list(root)
    if len(children) < 2 or children[0].tag != f"{{{SAML}}}Issuer" or children[1] is not found[0]:
        raise Broken("form", "the signature does not stand right after the issuer")
    return found[0]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What an element of the signature must look like: name, attributes, children."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[_Shape, ...] = ()
    text: bool = False


def _shape(identifier: str) -> _Shape:
    def algorithm(name: str, uri: str) -> _Shape:
        return _Shape(name, (("Algorithm", uri),))

    reference = _Shape("Reference", (("URI", f"#{identifier}"),), (
        _Shape("Transforms", (), (algorithm("Transform", ENVELOPED),
                                  algorithm("Transform", EXCLUSIVE))),
        algorithm("DigestMethod", SHA256),
        _Shape("DigestValue", text=True),
    ))  # fmt: skip
    return _Shape("Signature", (), (
        _Shape("SignedInfo", (), (algorithm("CanonicalizationMethod", EXCLUSIVE),
                                  algorithm("SignatureMethod", RSA_SHA256), reference)),
        _Shape("SignatureValue", text=True),
        _Shape("KeyInfo", (), (_Shape("X509Data", (), (_Shape("X509Certificate", text=True),)),)),
    ))  # fmt: skip


def _check_profile(signature: etree._Element, identifier: str) -> None:
    for text in _differences(signature, _shape(identifier), "Signature"):
        rule = "one-certificate" if "KeyInfo" in text else "signature-profile"
        raise Broken(rule, text)


def _differences(element: etree._Element, shape: _Shape, path: str) -> Iterator[str]:
    """Yield where an element of the signature differs from the profile."""
    if element.tag != f"{{{DS}}}{shape.name}":
        yield f"{path}: {etree.QName(element).localname} where {shape.name} belongs"
        return
    if tuple(sorted(element.attrib.items())) != shape.attributes:
        said = ", ".join(f"{k}={element.get(k)}" for k in sorted(map(str, element.attrib)))
        wanted = ", ".join(f"{k}={v}" for k, v in shape.attributes) or "no attributes"
        yield f"{path}: {said or 'no attributes'} where the profile has {wanted}"
    children = [child for child in element if not _is_prefix_list(child, shape)]
    if len(children) != len(shape.children) or len(element) > len(children) + 1:
        names = ", ".join(etree.QName(child).localname for child in children)
        yield f"{path}: {names or 'nothing'} where {len(shape.children)} elements belong"
        return
    texts = [element.text, *(child.tail for child in element)]
    if not shape.text and any(text and text.strip() for text in texts):
        yield f"{path}: text between the elements"
    if shape.text and not _decoded(element):
        yield f"{path}: the value is not Base64"
    for child, expected in zip(children, shape.children, strict=True):
        yield from _differences(child, expected, f"{path}/{expected.name}")


def _is_prefix_list(child: etree._Element, shape: _Shape) -> bool:
    """Whether this is the list of prefixes of exclusive canonicalization, which OpenNCP writes."""
    return (
        ("Algorithm", EXCLUSIVE) in shape.attributes
        and child.tag == f"{{{EXCLUSIVE}}}InclusiveNamespaces"
        and list(child.attrib) == ["PrefixList"]
        and len(child) == 0
    )


def _decoded(element: etree._Element) -> bytes:
    """Return the Base64 content of an element; empty when it is not written as it must be."""
    text = "".join((element.text or "").split())
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if base64.b64encode(content).decode() == text else b""


def _certificate(signature: etree._Element) -> x509.Certificate:
    (element,) = signature.iter(f"{{{DS}}}X509Certificate")
    return _certificate_of(_decoded(element))


_UNREADABLE = (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion,
               x509.UnsupportedGeneralNameType, UserWarning)  # fmt: skip
"""What the parser of certificates raises for bytes that are none, or warns of where warnings are
errors."""


@lru_cache(maxsize=256)
def _certificate_of(content: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(content)
        _read_all(certificate)
    except _UNREADABLE:
        raise Broken("one-certificate", "KeyInfo: the certificate cannot be read") from None
    return certificate


def _read_all(certificate: x509.Certificate) -> None:
    """Read every part that is asked for later: a broken one is found only when it is read."""
    certificate.public_key()
    for part in ("subject", "issuer", "extensions", "not_valid_before_utc", "not_valid_after_utc",
                 "signature_hash_algorithm", "serial_number"):  # fmt: skip
        getattr(certificate, part)


def _verified(root: etree._Element, certificate: x509.Certificate) -> etree._Element:
    """Return the signed content of an assertion, parsed from the bytes that the digest covers."""
    configuration = SignatureConfiguration(
        location="./",
        signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        # Whether the certificate is valid now is a rule of its own, with its own finding.
        verification_time=certificate.not_valid_before_utc,
    )
    try:
        result = XMLVerifier().verify(
            root, x509_cert=certificate, id_attribute="ID", expect_config=configuration,
            validate_schema=False,  # the profile above is narrower
        )  # fmt: skip
    except (SignXMLException, ValueError, etree.LxmlError) as error:
        raise Broken("signature-value", f"the signature does not fit: {error}") from None
    content = result[0].signed_xml if isinstance(result, list) else result.signed_xml
    if content is None or content.get("ID") != root.get("ID"):
        raise Broken("signature-value", "the signature does not cover the assertion")
    return content
