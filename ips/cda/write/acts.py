"""Procedures, devices and vaccinations (eHDSI ~E.26, ~E.5, ~E.19)."""

from __future__ import annotations

from typing import Any

from ips.cda.names import CCD, ENTRY, PCC, oid_of, pairs
from ips.cda.write.context import Anchor, Context, Resource, entry_id, text
from ips.cda.write.datatypes import (
    ATC,
    EMDN,
    ICD10,
    SNOMED,
    code,
    interval,
    loinc,
    span,
    time,
    when,
)
from ips.cda.write.element import Element, add, templates
from ips.cda.write.people import Party, entity, informant_self, merged, organization, recorded
from ips.loss import Fate

_PROCEDURE = {"completed": "completed", "in-progress": "active", "preparation": "active",
              "stopped": "aborted", "not-done": "cancelled", "on-hold": "suspended"}  # fmt: skip
_DEVICE = {"active": "active", "intended": "active", "completed": "completed",
           "stopped": "aborted", "on-hold": "suspended"}  # fmt: skip


def _status(
    act: Element, resource: Resource, known: dict[str, str], default: str, anchor: Anchor,
    context: Context,
) -> None:  # fmt: skip
    value = str(resource.get("status") or "")
    add(act, "statusCode", code=known.get(value, default))
    if value in known and value not in ("preparation", "intended"):
        context.note(f"{anchor.path}.status", value, Fate.EXACT)
    elif value:
        context.note(f"{anchor.path}.status", value, Fate.APPROXIMATE,
                     f"HL7 V3 has no «{value}»; it stands in the narrative.",
                     obligations=anchor.obligations)  # fmt: skip


def procedure(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append a Procedure."""
    act = add(add(parent, "entry"), "procedure", class_="PROC", moodCode="EVN")
    templates(act, f"{ENTRY}26", f"{PCC}4.19")
    entry_id(act, context, resource)
    code(act, "code", resource.get("code"), (SNOMED,), context, anchor, f"{anchor.path}.code",
         cell="procedure", sets=("eHDSIProcedure",))  # fmt: skip
    text(act, anchor.row)
    _status(act, resource, _PROCEDURE, "completed", anchor, context)
    when(act, "effectiveTime", resource, "performed")
    for number, site in enumerate(resource.get("bodySite", ())):
        code(act, "targetSiteCode", site, (SNOMED,), context, anchor,
             f"{anchor.path}.bodySite[{number}]", cell="site")  # fmt: skip
    performers = [one for one in resource.get("performer", ()) if isinstance(one, dict)]
    for one in performers:
        party = Party(one.get("actor"), context)
        if party:
            entity(add(act, "performer"), party)
    who = recorded(act, resource, context, "recorder", "asserter")
    _reasons(act, resource, anchor, context)
    context.account(
        anchor.path, resource,
        ("status", "code", "performedDateTime", "performedPeriod", "bodySite", "performer",
         "reasonCode", *who),
        ("note", "performedString", "performedAge", "performedRange"),
        obligations=anchor.obligations,
    )  # fmt: skip


def _reasons(act: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    for number, one in enumerate(resource.get("reasonCode", ())):
        relation = add(act, "entryRelationship", typeCode="RSON")
        made = add(relation, "observation", class_="OBS", moodCode="EVN")
        templates(made, f"{PCC}4.13")
        finding = pairs("finding")[""]
        add(made, "code", code=finding.code, codeSystem=oid_of(finding.system)[0],
            displayName=finding.displays[context.lang])  # fmt: skip
        text(made, anchor.cell("reason"))
        add(made, "statusCode", code="completed")
        code(made, "value", one, (ICD10, SNOMED), context, anchor,
             f"{anchor.path}.reasonCode[{number}]", cell="reason", xsi="CD")  # fmt: skip


def device(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append a DeviceUseStatement with its device."""
    found = context.resolve(resource.get("device"))
    act = add(add(parent, "entry"), "supply", class_="SPLY", moodCode="EVN")
    templates(act, f"{ENTRY}5")
    entry_id(act, context, resource)
    text(act, anchor.row)
    _status(act, resource, _DEVICE, "active", anchor, context)
    low, high = span(resource, "timing")
    interval(act, "effectiveTime", low, high, xsi="IVL_TS")
    who = recorded(act, resource, context, "source", "", "recordedOn")
    role = add(add(act, "participant", typeCode="DEV"), "participantRole", class_="MANU")
    for carrier in found.get("udiCarrier", ()):
        if carrier.get("deviceIdentifier"):
            add(role, "id", root=_issuer(carrier), extension=str(carrier["deviceIdentifier"]))
    playing = add(role, "playingDevice", class_="DEV", determinerCode="INSTANCE")
    concept = found.get("type") or {"text": str((resource.get("device") or {}).get("display", ""))}
    code(playing, "code", concept, (SNOMED, EMDN), context, anchor, f"{anchor.path}.device.type",
         cell="device", sets=("eHDSIMedicalDevice",))  # fmt: skip
    if found.get("modelNumber"):
        add(playing, "manufacturerModelName", str(found["modelNumber"]))
    context.account(
        anchor.path, resource,
        ("status", "device", "timingDateTime", "timingPeriod", *who), ("note", "bodySite"),
        obligations=anchor.obligations,
    )  # fmt: skip
    context.account(f"{anchor.path}.device", found, ("type", "udiCarrier", "modelNumber"),
                    ("deviceName",), obligations=anchor.obligations)  # fmt: skip


_GS1 = "2.51"
"""ISO OID arc of GS1 identification; used where the issuer of a UDI is GS1 or not named."""


def _issuer(carrier: Resource) -> str:
    issuer = str(carrier.get("issuer") or "")
    return oid_of(issuer)[0] if issuer and "gs1" not in issuer.lower() else f"{_GS1}.1.1"


def immunization(parent: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    """Append an Immunization."""
    refused = resource.get("status") == "not-done"
    act = add(add(parent, "entry"), "substanceAdministration", class_="SBADM", moodCode="EVN",
              negationInd="true" if refused else "false")  # fmt: skip
    templates(act, f"{ENTRY}19", f"{PCC}4.12", f"{CCD}24")
    entry_id(act, context, resource)
    add(act, "code", code="IMMUNIZ", codeSystem="1.3.6.1.4.1.19376.1.5.3.2",
        codeSystemName="IHEActCode")  # fmt: skip
    text(act, anchor.row)
    add(act, "statusCode", code="completed")
    time(act, "effectiveTime", span(resource, "occurrence")[0])
    if resource.get("route"):
        code(act, "routeCode", resource["route"], ("http://standardterms.edqm.eu",), context,
             anchor, f"{anchor.path}.route")  # fmt: skip
    _vaccine(act, resource, anchor, context)
    _performers(act, resource, context)
    if resource.get("primarySource") is False:
        informant_self(act, context) if _told_by_patient(resource) else None
    _diseases(act, resource, anchor, context)
    context.account(
        anchor.path, resource,
        ("vaccineCode", "occurrenceDateTime", "lotNumber", "performer", "protocolApplied",
         "status", "manufacturer", "route", "primarySource",
         *(("reportOrigin",) if _told_by_patient(resource) else ())),
        ("note", "occurrenceString"),
        obligations=anchor.obligations,
    )  # fmt: skip


def _told_by_patient(resource: Resource) -> bool:
    origin = resource.get("reportOrigin", {})
    labels = resource.get("meta", {}).get("security", ())
    told = {str(c.get("code")) for c in origin.get("coding", ())}
    return bool(told & {"recall"}) or any(one.get("code") in ("PATAST", "PATRPT") for one in labels)


def _vaccine(act: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    product = add(add(act, "consumable", typeCode="CSM"), "manufacturedProduct")
    templates(product, f"{ENTRY}18", f"{CCD}53")
    material = add(product, "manufacturedMaterial")
    concept = resource.get("vaccineCode") or {}
    code(material, "code", concept, (SNOMED, ATC), context, anchor,
         f"{anchor.path}.vaccineCode", cell="vaccine", sets=("eHDSIVaccine",))  # fmt: skip
    name = str(concept.get("text") or "")
    if name:
        add(material, "name", name)
    if resource.get("lotNumber"):
        add(material, "lotNumberText", str(resource["lotNumber"]))
    maker = context.resolve(resource.get("manufacturer"))
    if maker:
        organization(product, maker, "manufacturerOrganization")


def _performers(act: Element, resource: Resource, context: Context) -> None:
    parties = [Party(one.get("actor"), context) for one in resource.get("performer", ())
               if isinstance(one, dict)]  # fmt: skip
    parties = [party for party in parties if party]
    if not parties:
        return
    first = parties[0]
    for other in parties[1:]:
        first = merged(first, other)
    entity(add(act, "performer"), first)


def _diseases(act: Element, resource: Resource, anchor: Anchor, context: Context) -> None:
    protocols = [one for one in resource.get("protocolApplied", ()) if isinstance(one, dict)]
    for number, protocol in enumerate(protocols):
        path = f"{anchor.path}.protocolApplied[{number}]"
        for place, disease in enumerate(protocol.get("targetDisease", ())):
            if disease.get("coding"):
                role = add(add(act, "participant", typeCode="IND"), "participantRole",
                           class_="AGNT")  # fmt: skip
                code(role, "code", disease, (ICD10, SNOMED), context, anchor,
                     f"{path}.targetDisease[{place}]", cell="disease")  # fmt: skip
                add(role, "playingEntity", class_="ENT", nullFlavor="UNK")
            else:
                context.note(f"{path}.targetDisease[{place}]", disease, Fate.AS_TEXT,
                             "The disease is given in words; the entry asks for a code.",
                             obligations=anchor.obligations)  # fmt: skip
    for number, protocol in enumerate(protocols):
        path = f"{anchor.path}.protocolApplied[{number}]"
        _dose_number(act, protocol.get("doseNumberPositiveInt"), context)
        context.account(path, protocol, ("targetDisease", "doseNumberPositiveInt"), (),
                        obligations=anchor.obligations)  # fmt: skip


def _dose_number(act: Element, value: Any, context: Context) -> None:
    if not isinstance(value, int):
        return
    relation = add(act, "entryRelationship", typeCode="SUBJ")
    made = add(relation, "observation", class_="OBS", moodCode="EVN")
    templates(made, f"{ENTRY}28")
    loinc(made, "30973-2", pairs("loinc")["30973-2"].displays[context.lang])
    add(made, "statusCode", code="completed")
    add(made, "value", type_="INT", value=str(value))
