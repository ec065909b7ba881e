"""Every rule of the trust is broken once: the answer has the code that the sources state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from lxml import etree

from data.results import Outcome
from ncp.codes import SAML
from ncp.model import Coded, Operation
from ncp.trust import certs, issue, policy, verify
from ncp.trust.names import (
    FACILITY,
    HOME,
    LOCALITY,
    ORGANIZATION_ID,
    PERMISSION,
    PURPOSE,
    ROLE,
    SUBJECT_ID,
    Kind,
)
from ncp.trust.revocation import Revocations
from tests.ncp.trust.conftest import DOCTOR, INTEGRITY, NOW, PATIENT, World, attribute, find
from tests.ncp.trust.test_issue import KIN_OF

Change = Callable[[etree._Element], object]


def set_text(path: str, text: str) -> Change:
    return lambda root: setattr(find(root, path), "text", text)


def set_attribute(path: str, name: str, value: str) -> Change:
    return lambda root: find(root, path).set(name, value)


def without(path: str) -> Change:
    def change(root: etree._Element) -> None:
        element = find(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def without_attribute(name: str) -> Change:
    def change(root: etree._Element) -> None:
        element = attribute(root, name)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def value(name: str, text: str) -> Change:
    return lambda root: setattr(attribute(root, name)[0], "text", text)


def coded(name: str, **attributes: str) -> Change:
    def change(root: etree._Element) -> None:
        for key, text in attributes.items():
            attribute(root, name)[0][0].set(key, text)

    return change


def twice(name: str) -> Change:
    def change(root: etree._Element) -> None:
        element = attribute(root, name)
        copy = etree.fromstring(etree.tostring(element))
        copy[0].text = "Someone Else"
        element.addnext(copy)

    return change


GENERIC, INVALID = "ERROR_HPI_GENERIC", "1001"
HCP_RULES: list[tuple[str, Change, str]] = [
    ("version", set_attribute(".", "Version", "1.1"), GENERIC),
    ("version", set_attribute(".", "IssueInstant", "yesterday"), GENERIC),
    ("issuer", set_text("Issuer", "  "), GENERIC),
    ("name-id", set_text("Subject/NameID", ""), GENERIC),
    ("confirmation", without("Subject/SubjectConfirmation"), GENERIC),
    ("confirmation", set_attribute("Subject/SubjectConfirmation", "Method",
                                   "urn:oasis:names:tc:SAML:2.0:cm:bearer"), GENERIC),
    ("window", without("Conditions"), INVALID),
    ("window", set_attribute("Conditions", "NotBefore", "2026-11-22T12:01:01Z"), INVALID),
    ("window", set_attribute("Conditions", "NotOnOrAfter", "2026-11-22T11:58:59Z"), INVALID),
    ("duration", set_attribute("Conditions", "NotOnOrAfter", "2026-11-22T16:00:01Z"), INVALID),
    ("audience", set_text("Conditions/AudienceRestriction/Audience", "urn:other"), INVALID),
    ("authn-context", set_text("AuthnStatement/AuthnContext/AuthnContextClassRef",
                               "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"), "4702"),
    ("authn-context", without("AuthnStatement"), "4702"),
    ("attributes-once", twice(SUBJECT_ID), GENERIC),
    ("subject-id", without_attribute(SUBJECT_ID), GENERIC),
    ("role", coded(ROLE, code="9999"), "ERROR_HPI_INSUFFICIENT_INFORMATION"),
    ("role", without_attribute(ROLE), "ERROR_HPI_INSUFFICIENT_INFORMATION"),
    ("role-name", coded(ROLE, displayName="Pharmacists"), "4703"),
    ("purpose-present", without_attribute(PURPOSE), GENERIC),
    ("purpose", coded(PURPOSE, code="RESEARCH"), "4703"),
    ("facility-type", value(FACILITY, "Spa"), GENERIC),
    ("locality", without_attribute(LOCALITY), GENERIC),
    ("permissions", without_attribute(PERMISSION), "4703"),
]  # fmt: skip
TRC_RULES: list[tuple[str, Change, str]] = [
    ("version", set_attribute(".", "Version", "1.1"), INVALID),
    ("window", set_attribute("Conditions", "NotOnOrAfter", "2026-11-22T11:58:59Z"), INVALID),
    ("duration", set_attribute("Conditions", "NotOnOrAfter", "2026-11-22T14:00:01Z"), INVALID),
    ("audience", set_text("Conditions/AudienceRestriction/Audience", "urn:other"), INVALID),
    ("link-advice", without("Advice"), "1002"),
    ("link-advice", set_text("Advice/AssertionIDRef", "_another"), "1002"),
    ("subject-id", without_attribute(SUBJECT_ID), INVALID),
    ("patient-form", value(SUBJECT_ID, "17838400655"), INVALID),
    ("purpose", coded(PURPOSE, code="RESEARCH"), "4703"),
    ("authn-context", set_text("AuthnStatement/AuthnContext/AuthnContextClassRef",
                               "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"), INVALID),
]  # fmt: skip


def name(case: tuple[str, Change, str]) -> str:
    return case[0]


def test_a_good_request_is_believed(world: World) -> None:
    trusted = world.verify(world.pair(), peer=world.sweden.tls_client.certificate)
    assert trusted.professional == replace(DOCTOR, country="SE")
    assert trusted.trc_patient == PATIENT
    assert (trusted.purpose, trusted.country, trusted.warnings) == ("TREATMENT", "SE", ())


@pytest.mark.parametrize("operation", list(Operation))
def test_each_operation_is_allowed_with_all_permissions(world: World, operation: Operation) -> None:
    assert world.verify(world.pair(), operation).professional.role.code == "221"


@pytest.mark.parametrize("case", HCP_RULES, ids=name)
def test_a_broken_identity_assertion_is_refused(
    world: World, case: tuple[str, Change, str]
) -> None:
    rule, change, code = case
    hcp = world.changed(world.hcp(), change)
    found = {
        r.id: r.outcome
        for r in verify.examine([hcp], operation=Operation.IDENTIFY, trust=world.trust, now=NOW)
        if r.outcome is Outcome.FAIL and r.severity == "error"
    }
    assert list(found) == [f"trust-{rule}"]
    refusal = world.refusal([hcp], Operation.IDENTIFY)
    assert refusal.code == code
    assert refusal.reason == "InsufficientRights"


@pytest.mark.parametrize("case", TRC_RULES, ids=name)
def test_a_broken_treatment_relationship_is_refused(
    world: World, case: tuple[str, Change, str]
) -> None:
    rule, change, code = case
    hcp = world.hcp()
    trc = world.changed(world.trc(hcp), change)
    refusal = world.refusal([hcp, trc])
    assert refusal.code == code
    results = verify.examine([hcp, trc], operation=Operation.PS_LIST, trust=world.trust, now=NOW)
    broken = [r.id for r in results if r.outcome is Outcome.FAIL and r.location == "TRC"]
    assert broken == [f"trust-{rule}"]


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_the_clock_may_differ_by_a_minute(world: World, seconds: int) -> None:
    end = NOW + dt.timedelta(hours=4)
    at = (NOW if seconds < 0 else end if seconds else NOW) + dt.timedelta(seconds=seconds)
    hcp = world.hcp()
    assert world.verify([hcp], Operation.IDENTIFY, now=at).hcp_id


@pytest.mark.parametrize(("hours", "seconds"), [(0, -61), (4, 61)])
def test_and_not_by_more(world: World, hours: int, seconds: int) -> None:
    at = NOW + dt.timedelta(hours=hours, seconds=seconds)
    assert world.refusal([world.hcp()], Operation.IDENTIFY, now=at).code == "1001"


def test_nothing_that_came_is_no_authentication(world: World) -> None:
    assert world.refusal([]).code == "ERROR_HPI_AUTHENTICATION_NOT_RECEIVED"
    trc = world.trc(world.hcp())
    assert world.refusal([trc]).code == "ERROR_HPI_AUTHENTICATION_NOT_RECEIVED"


def test_another_name_qualifier_is_no_identity_assertion(world: World) -> None:
    hcp = world.changed(world.hcp(), set_attribute("Issuer", "NameQualifier", "urn:else"))
    refusal = world.refusal([hcp], Operation.IDENTIFY)
    assert refusal.code == "ERROR_HPI_AUTHENTICATION_NOT_RECEIVED"


def test_all_but_identification_need_a_treatment_relationship(world: World) -> None:
    hcp = world.hcp()
    assert world.verify([hcp], Operation.IDENTIFY).trc_patient is None
    for operation in Operation:
        if operation is not Operation.IDENTIFY:
            assert world.refusal([hcp], operation).code == "1001"


@pytest.mark.parametrize("operation", list(Operation))
def test_each_permission_of_an_operation_is_needed(world: World, operation: Operation) -> None:
    for missing in policy.required(operation):
        rest = tuple(code for code in DOCTOR.permissions if code != missing)
        refusal = world.refusal(world.pair(replace(DOCTOR, permissions=rest)), operation)
        assert refusal.code == "4703"
        assert missing in refusal.text
        assert missing not in refusal.location


def test_the_matrix_is_the_one_of_openncp() -> None:
    patient_summary = {"PRD-003", "PRD-005", "PRD-010", "PRD-016"}
    assert policy.required(Operation.IDENTIFY) == {"PRD-006"}
    assert policy.required(Operation.PS_LIST) == patient_summary
    assert policy.required(Operation.ORCD_RETRIEVE) == patient_summary
    assert policy.required(Operation.EP_RETRIEVE) == {"PRD-004", "PRD-010"}
    assert policy.required(Operation.DISPENSE) == policy.required(Operation.DISCARD) == {"PPD-046"}


def test_taking_back_a_dispensation_needs_the_organisation(world: World) -> None:
    pair = world.pair(replace(DOCTOR, organization_id=""))
    assert world.refusal(pair, Operation.DISCARD).code == "ERROR_HPI_GENERIC"
    assert world.verify(pair, Operation.DISPENSE).professional.organization_id == ""


@pytest.mark.parametrize(("change", "what"), [
    (set_text("Subject/NameID", "another"), "NameID"),
    (set_attribute("Subject/NameID", "Format",
                   "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"), "Format"),
])  # fmt: skip
def test_another_name_in_the_treatment_relationship_is_a_fault(
    world: World, change: Change, what: str
) -> None:
    hcp = world.hcp()
    fault = world.fault([hcp, world.changed(world.trc(hcp), change)])
    assert (fault.code, fault.subcode) == ("Sender", "HP Missing Attributes")
    assert what in fault.reason


def test_a_connection_of_another_country_is_a_fault(world: World) -> None:
    fault = world.fault(world.pair(), peer=world.norway.tls_client.certificate)
    assert (fault.code, fault.subcode) == ("Sender", "Invalid Security Token")


def test_signers_of_two_countries_are_a_fault(world: World) -> None:
    hcp = world.hcp()
    trc = issue.trc(hcp, PATIENT, world.norway.seal, now=NOW)
    assert world.fault([hcp, trc]).subcode == "Invalid Security Token"


def test_an_issuer_of_another_country_is_a_fault(world: World) -> None:
    hcp = issue.hcp(replace(DOCTOR, country="DE"), world.sweden.seal, now=NOW)
    assert world.fault([hcp], Operation.IDENTIFY).subcode == "Invalid Security Token"
    lenient = world.verify([hcp], Operation.IDENTIFY, strict=False)
    assert lenient.professional.country == "SE"


def test_a_home_community_of_another_country_is_told_and_refused_where_a_country_wants(
    world: World,
) -> None:
    hcp = world.hcp(replace(DOCTOR, home_community="2.16.17.710.860.1000.990.1"))
    warned = world.verify([hcp], Operation.IDENTIFY)
    assert [w.id for w in warned.warnings] == ["trust-country-home"]
    rules = policy.CountryRules(home_community=True)
    fault = world.fault([hcp], Operation.IDENTIFY, country_rules=rules)
    assert fault.subcode == "Invalid Security Token"


def test_greece_is_el_in_certificates_and_gr_in_tables(tmp_path: object, world: World) -> None:
    greece = certs.make(world.folder.parent / "greece" / "EL", "EL", now=NOW)
    hcp = issue.hcp(replace(DOCTOR, country="GR", home_community="2.16.840.1.113883.2.25.3.4.1"),
                    greece.seal, now=NOW)  # fmt: skip
    trust = certs.trust_store(greece.folder)
    assert world.verify([hcp], Operation.IDENTIFY, trust=trust).warnings == ()


@pytest.mark.parametrize("variant", list(certs.Variant))
def test_a_seal_that_is_wrong_in_one_way_is_refused(world: World, variant: certs.Variant) -> None:
    folder = world.folder.parent / "wrong"
    wrong = certs.make(folder / f"SE-{variant}", "SE", now=NOW, variant=variant,
                       authority=world.folder / "ca")  # fmt: skip
    hcp = issue.hcp(DOCTOR, wrong.seal, now=NOW)
    if variant is certs.Variant.WRONG_COUNTRY:
        pair = [hcp, world.trc(hcp)]
        assert world.fault(pair).subcode == "Invalid Security Token"
    else:
        assert world.refusal([hcp], Operation.IDENTIFY).code == INTEGRITY


def test_clerical_staff_act_on_behalf_of_a_role(world: World) -> None:
    clerk = replace(DOCTOR, role=policy.role("44").coded)
    assert world.refusal([world.hcp(clerk)], Operation.IDENTIFY).code == "ERROR_HPI_GENERIC"
    for_doctor = replace(clerk, on_behalf_of="221")
    trusted = world.verify([world.hcp(for_doctor)], Operation.IDENTIFY)
    assert trusted.professional.on_behalf_of == "221"


def test_the_next_of_kin_is_verified_and_read(world: World) -> None:
    hcp = world.hcp()
    nok = issue.nok(hcp, KIN_OF, world.sweden.seal, now=NOW)
    assert world.verify([nok, hcp, world.trc(hcp)]).next_of_kin == KIN_OF
    other = issue.nok(world.hcp(), KIN_OF, world.sweden.seal, now=NOW)
    assert world.refusal([other, hcp, world.trc(hcp)]).code == "1002"


def test_what_the_treatment_relationship_adds_is_returned(world: World) -> None:
    hcp = world.hcp()
    trc = world.trc(hcp, prescription_id="RX", pin="42", purpose="EMERGENCY")
    trusted = world.verify([hcp, trc], Operation.EP_RETRIEVE)
    assert (trusted.prescription_id, trusted.pin, trusted.purpose) == ("RX", "42", "EMERGENCY")


def test_every_other_finding_comes_with_the_refusal(world: World) -> None:
    hcp = world.changed(world.hcp(), lambda root: [
        set_text("Conditions/AudienceRestriction/Audience", "urn:x")(root),
        without_attribute(LOCALITY)(root)])  # fmt: skip
    refusal = world.refusal([hcp, world.trc(hcp)])
    assert refusal.code == "1001"
    assert list(refusal.details) == ["hcp:locality"]


@pytest.mark.parametrize("role", ["2262", "3213"])
def test_germany_needs_no_permissions_of_pharmacists(world: World, role: str) -> None:
    german = policy.country_rules("DE")
    pair = world.pair(replace(DOCTOR, role=policy.role(role).coded, permissions=()))
    for operation in (Operation.IDENTIFY, Operation.EP_LIST, Operation.EP_RETRIEVE,
                      Operation.DISPENSE):  # fmt: skip
        assert world.verify(pair, operation, country_rules=german).professional.permissions == ()
    assert world.refusal(pair, Operation.EP_LIST).code == "4703"


@pytest.mark.parametrize("role", ["221", "2261", "2264", "2221"])
def test_germany_refuses_other_roles_without_permissions(world: World, role: str) -> None:
    german = policy.country_rules("DE")
    pair = world.pair(replace(DOCTOR, role=policy.role(role).coded, permissions=()))
    answers = {
        operation: world.refusal(pair, operation, country_rules=german)
        for operation in (Operation.IDENTIFY, Operation.EP_LIST, Operation.EP_RETRIEVE,
                          Operation.DISPENSE)
    }  # fmt: skip
    assert {o: r.code for o, r in answers.items()} == {
        Operation.IDENTIFY: "ERROR_PI_GENERIC", Operation.EP_LIST: "ERROR_EP_GENERIC",
        Operation.EP_RETRIEVE: "ERROR_EP_GENERIC", Operation.DISPENSE: "ERROR_ED_GENERIC",
    }  # fmt: skip
    assert all(r.location == role for r in answers.values())
    assert answers[Operation.EP_RETRIEVE].status == "PartialSuccess"


def test_germany_lists_the_permissions_that_do_not_suffice(world: World) -> None:
    pharmacist = replace(DOCTOR, role=policy.role("2262").coded, permissions=("PRD-006",))
    refusal = world.refusal(world.pair(pharmacist), Operation.EP_LIST,
                            country_rules=policy.country_rules("DE"))  # fmt: skip
    assert (refusal.code, refusal.location) == ("ERROR_EP_GENERIC", "PRD-006")


def test_lenient_never_lets_pass_signature_time_role_or_permissions() -> None:
    for rule_id in ("form", "signature-profile", "signature-value", "one-certificate",
                    "certificate-trusted", "certificate-valid", "certificate-usage", "each-once",
                    "window", "duration", "role", "permissions", "link-name-id", "link-advice",
                    "country-tls", "country-signers", "patient-form"):  # fmt: skip
        assert policy.rules()[rule_id].lenient == "error"


def test_every_rule_is_judged_and_every_judged_rule_is_in_the_table(world: World) -> None:
    lists = [certs.revoke(world.folder / "ca", [], now=NOW)]
    trust = certs.TrustStore([world.sweden.ca], lambda known: Revocations(lists, known, NOW))
    hcp = world.hcp(replace(DOCTOR, role=policy.role("44").coded, on_behalf_of="221"))
    results = verify.examine([hcp, world.trc(hcp)], operation=Operation.DISCARD,
                             trust=trust, now=NOW,
                             peer=world.sweden.tls_client.certificate)  # fmt: skip
    assert {r.id.removeprefix("trust-") for r in results} == set(policy.rules())
    assert all(r.outcome is Outcome.PASS and r.source for r in results)


def test_a_remembered_assertion_is_judged_anew(world: World) -> None:
    memory = verify.Memory()
    pair = world.pair()
    first = world.verify(pair, memory=memory)
    assert len(memory) == 2
    assert world.verify(pair, memory=memory) == first
    late = NOW + dt.timedelta(hours=5)
    assert world.refusal(pair, memory=memory, now=late).code == "1001"
    other = certs.TrustStore([])
    assert world.refusal(pair, memory=memory, trust=other).code == INTEGRITY


def test_a_broken_assertion_is_not_remembered(world: World) -> None:
    hcp = world.hcp()
    memory = verify.Memory(bound=len(hcp) * 3 // 2)
    broken = hcp.replace(b"Testsjukhuset", b"Testsjukhuseu")
    for _ in range(2):
        assert world.refusal([broken], Operation.IDENTIFY, memory=memory).code == INTEGRITY
    assert len(memory) == 0
    world.verify([hcp], Operation.IDENTIFY, memory=memory)
    world.verify(world.pair(), memory=memory)
    assert len(memory) == 1, "what is remembered is bounded in bytes"


def test_the_same_assertion_twice_is_refused(world: World) -> None:
    hcp = world.hcp()
    assert world.refusal([hcp, hcp], Operation.IDENTIFY).code == INTEGRITY
    assert world.refusal([hcp, world.hcp()], Operation.IDENTIFY).code == INTEGRITY


def test_two_assertions_with_one_id_are_refused(world: World) -> None:
    hcp = world.hcp()
    identifier = etree.fromstring(hcp).get("ID", "")
    trc = world.changed(world.trc(hcp), lambda root: root.set("ID", identifier))
    assert world.refusal([hcp, trc]).code == INTEGRITY


def test_older_ways_of_writing_are_read(world: World) -> None:
    def older(root: etree._Element) -> None:
        attribute(root, FACILITY).set("Name", "urn:epsos:names:wp3.4:subject:healthcare-"
                                              "facility-type")  # fmt: skip
        purpose = attribute(root, PURPOSE)[0]
        for child in purpose:
            purpose.remove(child)
        purpose.text = "TREATMENT"
        attribute(root, HOME)[0].text = "1.2.752.221.3.1.1"

    trusted = world.verify([world.changed(world.hcp(), older)], Operation.IDENTIFY)
    assert trusted.purpose == "TREATMENT"
    assert trusted.professional.facility_type == "Hospital"
    assert sorted(w.id for w in trusted.warnings) == ["trust-home-present", "trust-purpose-form"]


def test_roles_and_kinds_have_what_openncp_lists() -> None:
    clinicians = {"221", "2221", "2222", "2261", "2264", "2265", "2266", "2267", "2269", "3211"}
    assert set(policy.roles()) == clinicians | {"2262", "3213", "44"}
    assert len(policy.authn_classes(Kind.HCP)) == 8
    assert policy.facility_types() == ("Hospital", "Resident Physician", "Pharmacy", "Other")
    assert Coded("221", "2.16.840.1.113883.2.9.6.2.7", "Medical Doctors", "ISCO") == (
        policy.role("221").coded)  # fmt: skip
    assert ORGANIZATION_ID.endswith("organization-id")
    assert SAML.endswith(":assertion")
