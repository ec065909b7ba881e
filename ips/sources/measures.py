"""Procedures, devices, consents and flags out of FHIR resources of a source (Kj profiles too)."""

from __future__ import annotations

from typing import Any

from ips.loss import Fate
from ips.sources.base import ALERT, DEVICE, PROCEDURE, Resource
from ips.sources.clinical import HL7, until_note, valid_until
from ips.sources.codes import category, concept
from ips.sources.datatypes import notes, pack, period, timed
from ips.sources.fhirfile import FhirFile
from ips.sources.node import Node


def procedure(node: Node, file: FhirFile) -> Resource:
    """Return a Procedure (KjProcedure: ongoing treatment, 7517)."""
    status = node.code("status", ("preparation", "in-progress", "not-done", "on-hold", "stopped",
                                  "completed", "entered-in-error", "unknown"))  # fmt: skip
    made = pack(
        resourceType="Procedure", status=status or "unknown",
        category=category(node.node("category"), "7651", PROCEDURE),
        code=concept(node.node("code"), PROCEDURE, hint="7517"),
        subject=file.subject(node.node("subject")), **timed(node, "performed", PROCEDURE),
        bodySite=[c for c in (concept(p, PROCEDURE) for p in node.nodes("bodySite")) if c],
        note=notes(node),
    )  # fmt: skip
    until_note(node, made)
    return made


def device_use(node: Node, file: FhirFile) -> Resource:
    """Return a DeviceUseStatement with its Device (KjDeviceUseStatement, KjDevice: 7518)."""
    status = node.code("status", ("active", "completed", "entered-in-error", "intended", "stopped",
                                  "on-hold"))  # fmt: skip
    subject = file.subject(node.node("subject"))
    reference = node.node("device")
    reference.skip("type", "display", "identifier")
    target = file.resolve(reference.text("reference"), node)
    device = (
        _device(target, subject)
        if target is not None
        else {
            "resourceType": "Device",
            "type": {"text": str(reference.value.get("display") or "Implantat")},
            "patient": subject,
        }
    )
    made = pack(
        resourceType="DeviceUseStatement", status=status or "active", subject=subject,
        **timed(node, "timing", DEVICE), recordedOn=node.moment("recordedOn"),
        device={"reference": node.reading.add(device, str(device.pop("id", "")))},
        bodySite=concept(node.node("bodySite"), DEVICE), note=notes(node),
    )  # fmt: skip
    _implanted(node, made)
    until_note(node, made)
    return made


def _device(node: Node, subject: dict[str, str]) -> Resource:
    names = [part for part in (pack(name=p.text("name"), type=p.text("type"))
                               for p in node.nodes("deviceName")) if "name" in part]  # fmt: skip
    return pack(
        resourceType="Device", type=concept(node.node("type"), DEVICE, hint="7518"),
        status=node.code("status", ("active", "inactive", "entered-in-error", "unknown")),
        manufacturer=node.text("manufacturer"), modelNumber=node.text("modelNumber"),
        serialNumber=node.text("serialNumber"), lotNumber=node.text("lotNumber"),
        manufactureDate=node.moment("manufactureDate"),
        expirationDate=node.moment("expirationDate"), deviceName=names, patient=subject,
    )  # fmt: skip


def _implanted(node: Node, made: Resource) -> None:
    extension = node.extension("KjImplanted", "implanted")
    when = extension.moment("valueDateTime") or extension.date("valueDate")
    if when and "timingDateTime" not in made:
        made["timingDateTime"] = when
        node.reading.exact(extension.path, when, DEVICE)
    old = extension.node("valueAge").number("value")
    extension.node("valueAge").skip("unit", "system", "code")
    if old is not None:
        made.setdefault("note", []).append({"text": f"Implantert ved alder {old:g} år"})
        node.reading.lose(
            extension.path,
            f"{old:g} år",
            Fate.AS_TEXT,
            "DeviceUseStatement has no age; it travels as a note.",
            DEVICE,
        )


def consent(node: Node, file: FhirFile) -> Resource:
    """Return a Consent (KjConsent 8, KjConsentBehandlingsavklaring 11).

    Consent has neither note nor validity in R4, and a provision's period would say that the
    limitation ends, which Kjernejournal forbids: note and «valid until» travel in the policy text.
    """
    status = node.code("status", ("draft", "proposed", "active", "rejected", "inactive",
                                  "entered-in-error"))  # fmt: skip
    kinds = [c for c in (category(p, "7651", ALERT) for p in node.nodes("category")) if c]
    policy = node.node("policyRule")
    codings = [pack(system=c.text("system"), code=c.text("code"), display=c.text("display"))
               for c in policy.nodes("coding") if c.value.get("system")]  # fmt: skip
    for coding in policy.nodes("coding"):
        if not coding.value.get("system"):
            coding.set_aside_whole("The interface fixes this code and names no code system for it.")
    words = [policy.text("text"), *_consent_words(node)]
    provision = node.node("provision")
    codes = [c for c in (concept(p, ALERT, hint="7655") for p in provision.nodes("code")) if c]
    return pack(
        resourceType="Consent", status=status or "active",
        scope=_scope(node.node("scope")), category=kinds or [{"text": "Behandlingsbegrensning"}],
        patient=file.subject(node.node("patient")), dateTime=node.moment("dateTime"),
        policyRule=pack(coding=[c for c in codings if c.get("code")],
                        text="; ".join(filter(None, words))),
        provision=pack(type=provision.code("type", ("deny", "permit")),
                       period=period(provision.node("period")), code=codes),
    )  # fmt: skip


def _scope(node: Node) -> dict[str, Any]:
    codings = [pack(system=c.text("system") or HL7 + "consentscope", code=c.text("code"),
                    display=c.text("display")) for c in node.nodes("coding")]  # fmt: skip
    found = pack(coding=[c for c in codings if c.get("code")], text=node.text("text"))
    return found or {"coding": [{"system": HL7 + "consentscope", "code": "adr"}]}


def _consent_words(node: Node) -> list[str]:
    words = []
    for names, label in (
        (("KjText", "text", "note"), ""),
        (("behandlingsavklaring-hlr-minus-reason",), "Begrunnelse: "),
        (("behandlingsavklaring-treatment-goal",), "Behandlingsmål: "),
    ):
        for extension in node.extensions(*names):
            said = (extension.text("valueString") or extension.text("valueCode")
                    or concept(extension.node("valueCodeableConcept")).get("text", ""))  # fmt: skip
            if said:
                words.append(label + said)
                node.reading.lose(extension.path, said, Fate.AS_TEXT,
                                  "Consent has no note in FHIR R4; the policy text carries it.",
                                  ALERT)  # fmt: skip
    until = valid_until(node)
    if until:
        words.append(f"Gyldig til {until[:10]}")
        node.reading.lose(node.at("extension[KjValidUntil]"), until, Fate.AS_TEXT,
                          "The entry is shown after this date too, so it must not end the consent; "
                          "the policy text carries it.", ALERT)  # fmt: skip
    return words


def flag(node: Node, file: FhirFile) -> Resource:
    """Return a Flag (KjFlag: change of procedures, 7522)."""
    status = node.code("status", ("active", "inactive", "entered-in-error"))
    code = concept(node.node("code"), ALERT, hint="7522")
    said = node.extension("KjText", "text", "note")
    note = said.text("valueString")
    if note:
        code["text"] = f"{code['text']}: {note}" if code.get("text") else note
        node.reading.lose(
            said.path,
            note,
            Fate.AS_TEXT,
            "Flag has no note in FHIR R4; the text of the code carries it.",
            ALERT,
        )
    return pack(
        resourceType="Flag", status=status or "active",
        category=[c for c in (category(p, "7651", ALERT) for p in node.nodes("category")) if c],
        code=code, subject=file.subject(node.node("subject")),
        period=period(node.node("period")),
    )  # fmt: skip
