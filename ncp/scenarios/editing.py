"""Changes to one assertion, one field at a time, before or after it is signed.

Sources of what is changed: MyHealth@EU SAML Profiles 2.1 to 2.3, SAML 2.0 core, XML Signature.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
from collections.abc import Callable

from lxml import etree

from ncp.codes import HL7, SAML
from ncp.trust import names

S = f"{{{SAML}}}"
DS = f"{{{names.DS}}}"
_FIELDS = {
    "subject-id": names.SUBJECT_ID, "role": names.ROLE, "purpose": names.PURPOSE,
    "locality": names.LOCALITY, "facility": names.FACILITY, "organization": names.ORGANIZATION,
    "organization-id": names.ORGANIZATION_ID, "home": names.HOME, "npi": names.NPI,
    "permissions": names.PERMISSION, "on-behalf-of": names.ON_BEHALF_OF,
    "prescription": names.PRESCRIPTION, "pin": names.PIN,
}  # fmt: skip


def _attribute(root: etree._Element, field: str) -> etree._Element:
    wanted = _FIELDS[field]
    found = next((a for a in root.iter(f"{S}Attribute") if a.get("Name") == wanted), None)
    if found is None:
        raise ValueError(f"the assertion has no {field}")
    return found


def _one(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path)
    if found is None:
        raise ValueError(f"the assertion has no {path.rpartition('}')[2]}")
    return found


def _window(root: etree._Element, value: str, now: dt.datetime) -> None:
    """Seconds from now to the start and to the end: ``-18000/-3600``."""
    conditions = _one(root, f"{S}Conditions")
    for name, seconds in zip(("NotBefore", "NotOnOrAfter"), value.split("/"), strict=True):
        moment = now + dt.timedelta(seconds=int(seconds))
        conditions.set(name, moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def _text(path: str) -> Callable[[etree._Element, str, dt.datetime], None]:
    def change(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
        _one(root, path).text = value

    return change


def _drop(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    found = _attribute(root, value) if value in _FIELDS else _one(root, f".//{S}{value}")
    parent = found.getparent()
    assert parent is not None
    parent.remove(found)


def _set(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    """Give an attribute another text: ``locality:Elsewhere``."""
    field, _, text = value.partition(":")
    first = _one(_attribute(root, field), f"{S}AttributeValue")
    for child in list(first):
        first.remove(child)
    first.text = text


def _twice(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    found = _attribute(root, value)
    found.addnext(copy.deepcopy(found))


def _role(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    """Another role: ``code:display``."""
    code, _, display = value.partition(":")
    coded = _one(_attribute(root, "role"), f".//{{{HL7}}}Role")
    coded.set("code", code)
    coded.set("displayName", display)


def _purpose(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    _one(_attribute(root, "purpose"), f".//{{{HL7}}}PurposeOfUse").set("code", value)


def _permissions(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    """Only these permissions: ``PRD-006,PRD-010``."""
    found = _attribute(root, "permissions")
    model = copy.deepcopy(_one(found, f"{S}AttributeValue"))
    for child in list(found):
        found.remove(child)
    for code in value.split(","):
        one = copy.deepcopy(model)
        one.text = f"{names.PERMISSION}:{code}"
        found.append(one)


def _qualifier(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    _one(root, f"{S}Issuer").set("NameQualifier", value)


def _format(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    _one(root, f"{S}Subject/{S}NameID").set("Format", value)


def _method(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    _one(root, f".//{S}SubjectConfirmation").set("Method", value)


def _attribute_of_root(name: str) -> Callable[[etree._Element, str, dt.datetime], None]:
    def change(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
        root.set(name, value)

    return change


def _signature(root: etree._Element) -> etree._Element:
    return _one(root, f"{DS}Signature")


def _unsigned(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    root.remove(_signature(root))


def _certificates(root: etree._Element, value: str, now: dt.datetime) -> None:
    """The certificate of the signer twice, or not at all."""
    found = _one(_signature(root), f".//{DS}X509Certificate")
    parent = found.getparent()
    assert parent is not None
    if value == "2":
        parent.append(copy.deepcopy(found))
    else:
        parent.remove(found)
    del now


def _value(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    """One bit of the signature value, or of the digest, is another."""
    name = "SignatureValue" if value == "signature" else "DigestValue"
    found = _one(_signature(root), f".//{DS}{name}")
    raw = bytearray(base64.b64decode(found.text or ""))
    raw[0] ^= 1
    found.text = base64.b64encode(raw).decode()


def _algorithm(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    _one(_signature(root), f".//{DS}SignatureMethod").set("Algorithm", value)


def _reference(root: etree._Element, value: str, now: dt.datetime) -> None:  # noqa: ARG001
    _one(_signature(root), f".//{DS}Reference").set("URI", value)


def _wrapped(root: etree._Element, value: str, now: dt.datetime) -> None:
    """Signature wrapping: the signed assertion hides in the Advice of a forged one."""
    inner = copy.deepcopy(root)
    root.remove(_signature(root))
    root.insert(1, copy.deepcopy(_signature(inner)))
    root.set("ID", "_forged")
    _set(root, f"subject-id:{value}", now)
    advice = root.find(f"{S}Advice")
    if advice is None:
        advice = etree.Element(f"{S}Advice")
        _one(root, f"{S}Conditions").addnext(advice)
    advice.append(inner)


EDITS: dict[str, Callable[[etree._Element, str, dt.datetime], None]] = {
    "window": _window,
    "audience": _text(f".//{S}Audience"),
    "issuer": _text(f"{S}Issuer"),
    "name-id": _text(f"{S}Subject/{S}NameID"),
    "advice": _text(f".//{S}AssertionIDRef"),
    "authn": _text(f".//{S}AuthnContextClassRef"),
    "qualifier": _qualifier,
    "name-id-format": _format,
    "confirmation": _method,
    "version": _attribute_of_root("Version"),
    "drop": _drop,
    "set": _set,
    "twice": _twice,
    "role": _role,
    "purpose": _purpose,
    "permissions": _permissions,
    "unsigned": _unsigned,
    "certificates": _certificates,
    "bit": _value,
    "algorithm": _algorithm,
    "reference": _reference,
    "wrapped": _wrapped,
}
"""Every change by its word; ``now`` is the moment of the request."""


def edit(root: etree._Element, change: str, now: dt.datetime) -> None:
    """Make one change: ``word=value``.

    Raises:
        ValueError: no such change, or nothing there to change.
    """
    word, _, value = change.partition("=")
    if word not in EDITS:
        raise ValueError(f"there is no change «{word}»")
    EDITS[word](root, value, now)
