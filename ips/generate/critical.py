"""Critical information as Kjernejournal's FHIR API answers: a searchset of Kj* resources.

One function for each of the eleven kinds of list 7651. The recorder is contained, as the API
demands; what the resource says of its status follows the API's table: active, refuted, deleted.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from ips.generate.codes import OID, Json, coding, concept, kj_coding, plain
from ips.generate.kjernejournal import (
    PROFILE,
    Certainty,
    State,
    began,
    clinical,
    contained,
    hl7,
    valid_until,
    verification,
)
from ips.generate.people import Case, Clinician


class Record:
    """Builds the critical information of one patient, entry by entry."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.entries: list[Json] = []

    def bundle(self) -> Json:
        """Return ``critical-information.json``."""
        return {
            "resourceType": "Bundle",
            "id": self.case.uuid("kj-bundle"),
            "meta": {"lastUpdated": self.case.instant(self.case.day)},
            "type": "searchset",
            "total": len(self.entries),
            "entry": [{"resource": r, "search": {"mode": "match"}} for r in self.entries],
        }

    def allergy(
        self,
        code: Json,
        *,
        category: Literal["medication", "food", "environment", "biologic"],
        reaction: str | None,
        recorded: dt.date,
        criticality: Literal["high", "low", "unable-to-assess"] = "high",
        certainty: Certainty = "confirmed",
        state: State = State.ACTIVE,
        source: str = "5",
        onset: dt.date | int | None = None,
        excipient: bool = False,
        note: str = "",
        updater: Clinician | None = None,
    ) -> Json:
        """Add a KjAllergyIntolerance: list 7651 kinds 1 (medicine) and 2 (other allergy).

        Args:
            code: the CodeableConcept of the substance.
            category: ``medication`` makes it a medicine reaction.
            reaction: code of list 7497.
            recorded: day of the first registration.
            criticality: list 7520, high for Alvorlig and low for Mindre alvorlig.
            certainty: list 7521 (suspected, probable, confirmed).
            state: in force, refuted or deleted.
            source: code of list 7498.
            onset: a day, or the age in years.
            excipient: an inactive ingredient was the cause.
            note: free text.
            updater: who changed the entry last.
        """
        entry = self._entry("AllergyIntolerance", "KjAllergyIntolerance", recorded, source, updater)
        entry["clinicalStatus"] = concept(hl7("allergyintolerance-clinical", clinical(state)))
        entry["verificationStatus"] = concept(
            hl7("allergyintolerance-verification", verification(state, certainty))
        )
        if state is State.ACTIVE and certainty == "probable":
            entry["verificationStatus"]["extension"] = [
                {"url": PROFILE + "Presumed", "valueBoolean": True}
            ]
        entry["category"] = [category]
        entry["criticality"] = criticality
        entry["code"] = dict(code)
        if excipient:
            entry["code"]["extension"] = [
                {"url": PROFILE + "KjInactiveIngredient", "valueBoolean": True}
            ]
        entry["patient"] = self.case.subject
        entry |= began(onset)
        entry["recordedDate"] = self.case.instant(recorded)
        entry["recorder"] = {"reference": "#recorderRef"}
        if note:
            entry["note"] = [{"text": note}]
        if reaction:
            entry["reaction"] = [{"manifestation": [concept(kj_coding("7497", reaction))]}]
        return entry

    def anaesthesia(
        self,
        kind: Literal["3", "4"],
        *,
        text: str,
        recorded: dt.date,
        laryngoscopy: str | None = None,
        mask: str | None = None,
        onset: dt.date | int | None = None,
        source: str = "2",
        note: str = "",
    ) -> Json:
        """Add a KjConditionComplicationsOfAnesthesia: 7651 kinds 3 and 4, with 7515 and 7516."""
        entry = self._condition(
            "KjConditionComplicationsOfAnesthesia", kind, concept(coding("7651", kind), text=text),
            recorded, onset, source, note,
        )  # fmt: skip
        graded = [("7515", laryngoscopy), ("7516", mask)]
        evidence = [{"code": [concept(coding(list_id, code))]} for list_id, code in graded if code]
        if evidence:
            entry["evidence"] = evidence
        return entry

    def condition(
        self,
        icd10: str,
        display: str,
        *,
        recorded: dt.date,
        text: str = "",
        consequences: tuple[str, ...] = (),
        onset: dt.date | int | None = None,
        state: State = State.ACTIVE,
        source: str = "5",
    ) -> Json:
        """Add a KjConditionCriticalMedicalCondition: 7651 kind 5, ICD-10 and list 7513."""
        main = {**coding("7110", icd10, display), "userSelected": True}
        extra = [{**coding("7513", code), "userSelected": False} for code in consequences]
        return self._condition(
            "KjConditionCriticalMedicalCondition", "5", concept(main, *extra, text=text or None),
            recorded, onset, source, state=state,
        )  # fmt: skip

    def treatment(
        self,
        code: str,
        *,
        recorded: dt.date,
        started: dt.date,
        text: str = "",
        until: dt.date | None = None,
        source: str = "7",
        state: State = State.ACTIVE,
    ) -> Json:
        """Add a KjProcedure: 7651 kind 6, list 7517."""
        entry = self._entry("Procedure", "KjProcedure", recorded, source)
        entry["extension"].append(
            {"url": PROFILE + "KjRecordedDate", "valueDateTime": self.case.instant(recorded)}
        )
        valid_until(entry, until)
        entry["status"] = {State.ACTIVE: "in-progress", State.REFUTED: "completed",
                           State.DELETED: "entered-in-error"}[state]  # fmt: skip
        entry["category"] = concept(coding("7651", "6"))
        entry["code"] = concept(coding("7517", code), text=text or None)
        entry["subject"] = self.case.subject
        entry["performedDateTime"] = started.isoformat()
        entry["recorder"] = {"reference": "#recorderRef"}
        return entry

    def device(
        self,
        code: str,
        *,
        recorded: dt.date,
        implanted: dt.date,
        note: str = "",
        source: str = "5",
        state: State = State.ACTIVE,
    ) -> Json:
        """Add a KjDeviceUseStatement with its KjDevice: 7651 kind 7, mechanical, list 7518."""
        entry = self._entry("DeviceUseStatement", "KjDeviceUseStatement", recorded, source)
        entry["contained"].append(
            {
                "resourceType": "Device",
                "id": "deviceRef",
                "meta": {"profile": [PROFILE + "KjDevice"]},
                "type": concept(coding("7518", code)),
            }
        )
        entry["extension"].append(
            {"url": PROFILE + "KjImplanted", "valueDateTime": implanted.isoformat()}
        )
        entry["status"] = {State.ACTIVE: "active", State.REFUTED: "completed",
                           State.DELETED: "entered-in-error"}[state]  # fmt: skip
        entry["subject"] = self.case.subject
        entry["recordedOn"] = self.case.instant(recorded)
        entry["source"] = {"reference": "#recorderRef"}
        entry["device"] = {"reference": "#deviceRef"}
        if note:
            entry["note"] = [{"text": note}]
        return entry

    def transplant(
        self, code: str, *, recorded: dt.date, onset: dt.date, text: str = "", note: str = ""
    ) -> Json:
        """Add a KjConditionTransplantsAndOtherForeignBodies: 7651 kind 7, not mechanical."""
        return self._condition(
            "KjConditionTransplantsAndOtherForeignBodies", "7",
            concept(coding("7518", code), text=text or None), recorded, onset, "5", note,
        )  # fmt: skip

    def limitation(self, note: str, *, recorded: dt.date, until: dt.date) -> Json:
        """Add a KjConsent: 7651 kind 8, limits to life-prolonging treatment, always with an end."""
        entry = self._consent("KjConsent", "8", "adr", "1", recorded)
        valid_until(entry, until)
        entry["extension"].append({"url": PROFILE + "KjText", "valueString": note[:500]})
        return entry

    def resuscitation(self, reason: str, *, recorded: dt.date, duration: str | None = None) -> Json:
        """Add a KjConsentBehandlingsavklaring: 7651 kind 11; the duration is a code of 7655."""
        entry = self._consent("KjConsentBehandlingsavklaring", "11", "treatment", "2", recorded)
        entry["extension"].append(
            {"url": PROFILE + "behandlingsavklaring-hlr-minus-reason", "valueString": reason[:80]}
        )
        if duration:
            entry["provision"] = {"code": [concept(plain(OID + "7655", duration))]}
        return entry

    def procedure_change(
        self,
        code: str,
        *,
        recorded: dt.date,
        text: str = "",
        note: str = "",
        until: dt.date | None = None,
        state: State = State.ACTIVE,
    ) -> Json:
        """Add a KjFlag: 7651 kind 9, list 7522."""
        entry = self._entry("Flag", "KjFlag", recorded, None)
        if note:
            entry["extension"].append({"url": PROFILE + "KjText", "valueString": note})
        entry["status"] = {State.ACTIVE: "active", State.REFUTED: "inactive",
                           State.DELETED: "entered-in-error"}[state]  # fmt: skip
        entry["category"] = [concept(coding("7651", "9"))]
        entry["code"] = concept(coding("7522", code), text=text or None)
        entry["subject"] = self.case.subject
        if until:
            entry["period"] = {"end": until.isoformat()}
        entry["author"] = {"reference": "#recorderRef"}
        return entry

    def infection(
        self,
        code: str,
        *,
        recorded: dt.date,
        onset: dt.date,
        until: dt.date | None = None,
        note: str = "",
        state: State = State.ACTIVE,
    ) -> Json:
        """Add a KjConditionInfection: 7651 kind 10, list 7519, never with free text in the code."""
        entry = self._condition(
            "KjConditionInfection", "10", concept(coding("7519", code)), recorded, onset, "1",
            note, state,
        )  # fmt: skip
        valid_until(entry, until)
        return entry

    def _condition(
        self,
        profile: str,
        kind: str,
        code: Json,
        recorded: dt.date,
        onset: dt.date | int | None,
        source: str,
        note: str = "",
        state: State = State.ACTIVE,
    ) -> Json:
        entry = self._entry("Condition", profile, recorded, source)
        entry["clinicalStatus"] = concept(hl7("condition-clinical", clinical(state)))
        entry["verificationStatus"] = concept(
            hl7("condition-ver-status", verification(state, "confirmed"))
        )
        entry["category"] = [concept(coding("7651", kind))]
        entry["code"] = code
        entry["subject"] = self.case.subject
        entry |= began(onset)
        entry["recordedDate"] = self.case.instant(recorded)
        entry["recorder"] = {"reference": "#recorderRef"}
        if note:
            entry["note"] = [{"text": note}]
        return entry

    def _consent(self, profile: str, kind: str, scope: str, rule: str, recorded: dt.date) -> Json:
        entry = self._entry("Consent", profile, recorded, None)
        entry["status"] = "active"
        entry["scope"] = concept(hl7("consentscope", scope))
        entry["category"] = [concept(coding("7651", kind))]
        entry["patient"] = self.case.subject
        entry["dateTime"] = self.case.instant(recorded)
        entry["performer"] = [{"reference": "#recorderRef"}]
        # The API fixes the code of the policy and names no code system for it.
        entry["policyRule"] = {"coding": [{"code": rule}]}
        return entry

    def _entry(
        self,
        kind: str,
        profile: str,
        recorded: dt.date,
        source: str | None,
        updater: Clinician | None = None,
    ) -> Json:
        extensions: list[Json] = []
        if source:
            extensions.append(
                {"url": PROFILE + "KjSourceOfInformation", "valueCoding": kj_coding("7498", source)}
            )
        people = [contained("recorderRef", self.case.clinician)]
        if updater:
            people.append(contained("updaterRef", updater))
            changed = recorded + dt.timedelta(days=30)
            extensions += [
                {"url": PROFILE + "KjUpdater", "valueReference": {"reference": "#updaterRef"}},
                {"url": PROFILE + "KjUpdatedDateTime", "valueDateTime": self.case.instant(changed)},
            ]
        entry: Json = {
            "resourceType": kind,
            "id": self.case.uuid(profile),
            "meta": {
                "versionId": "2" if updater else "1",
                "lastUpdated": self.case.instant(recorded, 10),
                "profile": [PROFILE + profile],
            },
            "contained": people,
            "extension": extensions,
        }
        self.entries.append(entry)
        return entry
