"""What the two messages of ITI-55 have in common: the HL7 v3 transmission wrapper.

Source: HL7 v3 NE2008 MCCI_MT000100/300UV01; IHE ITI TF-2 3.55; OpenNCP 9 XCPDRequest builder.
"""

from __future__ import annotations

import datetime as dt

from lxml import etree

from ncp.codes import HL7, HL7_INTERACTION
from ncp.messages.building import add
from ncp.messages.reading import Findings
from ncp.soap.faults import SoapFault

Identifier = tuple[str, str]
"""Root and extension of an HL7 v3 instance identifier; the extension may be empty."""


def h(name: str) -> str:
    """Return an HL7 v3 element name, or a path of them, as lxml writes it."""
    return "/".join(f"{{{HL7}}}{part}" for part in name.split("/"))


ID = h("id")
CODE = h("code")
DEVICE_ID = h("device/id")
AGENT_ID = h("device/asAgent/representedOrganization/id")


def identifier(element: etree._Element | None) -> Identifier:
    """Return root and extension of an ``id`` element; what is absent is empty."""
    if element is None:
        return "", ""
    return element.get("root", "").strip(), element.get("extension", "").strip()


def ii(parent: etree._Element, name: str, value: Identifier) -> etree._Element:
    """Append an instance identifier; an empty extension is left out."""
    root, extension = value
    return add(parent, name, {"root": root, "extension": extension} if extension else
               {"root": root})  # fmt: skip


def envelope(
    name: str, message_id: Identifier, created: dt.datetime, accept: str
) -> etree._Element:
    """Return the root of a message with what comes before receiver and sender.

    Args:
        name: interaction (``PRPA_IN201305UV02``).
        message_id: identifier of the message.
        created: aware time.
        accept: ``AL`` for a request, ``NE`` for an answer.
    """
    root = etree.Element(h(name), {"ITSVersion": "XML_1.0"}, nsmap={None: HL7})  # type: ignore[dict-item]
    ii(root, ID, message_id)
    moment = created.astimezone(dt.UTC)
    stamp = f"{moment:%Y%m%d%H%M%S}.{moment.microsecond // 1000:03d}+0000"
    add(root, h("creationTime"), {"value": stamp})
    add(root, h("versionCode"), {"code": "V3PR1"})
    add(root, h("interactionId"), {"root": HL7_INTERACTION, "extension": name})
    add(root, h("processingCode"), {"code": "P"})
    add(root, h("processingModeCode"), {"code": "T"})
    add(root, h("acceptAckCode"), {"code": accept})
    return root


def device(root: etree._Element, name: str, kind: str, community: str) -> None:
    """Append receiver (``RCV``) or sender (``SND``) with a home community."""
    outer = add(root, h(name), {"typeCode": kind})
    inner = add(outer, h("device"), {"classCode": "DEV", "determinerCode": "INSTANCE"})
    add(inner, ID, {"root": community})
    agent = add(inner, h("asAgent"), {"classCode": "AGNT"})
    organisation = add(
        agent,
        h("representedOrganization"),
        {"classCode": "ORG", "determinerCode": "INSTANCE"},
    )
    add(organisation, ID, {"root": community})


def control_act(root: etree._Element, trigger: str) -> etree._Element:
    """Append the control act of a trigger event (``PRPA_TE201305UV02``)."""
    act = add(root, h("controlActProcess"), {"classCode": "CACT", "moodCode": "EVN"})
    add(act, CODE, {"code": trigger, "codeSystemName": HL7_INTERACTION})
    return act


def must_be(element: etree._Element, name: str) -> None:
    """Check that an element is a message.

    Raises:
        SoapFault: another message.
    """
    if element.tag != h(name):
        raise SoapFault("Sender", f"the body is «{etree.QName(element).localname}», not {name}")


def check_wrapper(element: etree._Element, name: str, accept: str, found: Findings) -> None:
    """Note where the transmission wrapper departs from HL7 v3 and the profile."""
    source = "HL7 v3 MCCI_MT000100UV01; IHE ITI TF-2 3.55.4"
    expected = (
        ("interactionId", "extension", name), ("interactionId", "root", HL7_INTERACTION),
        ("processingCode", "code", "P"), ("processingModeCode", "code", "T"),
        ("acceptAckCode", "code", accept),
    )  # fmt: skip
    found.want(element.get("ITSVersion") == "XML_1.0", "xcpd-its-version",
               "ITSVersion is not XML_1.0", f"/{name}/@ITSVersion", source)  # fmt: skip
    for child, attribute, value in expected:
        inner = element.find(h(child))
        said = inner.get(attribute, "") if inner is not None else ""
        found.want(said == value, f"xcpd-{child}", f"{child}/@{attribute} is «{said}», not "
                   f"«{value}»", f"/{name}/{child}/@{attribute}", source)  # fmt: skip
    time = element.find(h("creationTime"))
    found.want(time is not None and time.get("value"), "xcpd-creationTime",
               "the message has no creationTime", f"/{name}/creationTime", source)  # fmt: skip
    for side in ("receiver", "sender"):
        outer = element.find(h(side))
        agent = outer.find(AGENT_ID) if outer is not None else None
        found.want(agent is not None and identifier(agent) == community(element, side),
                   f"xcpd-{side}-agent", f"{side}/device/asAgent does not repeat the home "
                   "community", f"/{name}/{side}/device/asAgent", source)  # fmt: skip


def community(element: etree._Element, side: str) -> Identifier:
    """Return the device identifier of ``receiver`` or ``sender``."""
    outer = element.find(h(side))
    return identifier(outer.find(DEVICE_ID)) if outer is not None else ("", "")
