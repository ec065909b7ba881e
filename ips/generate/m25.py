"""The medication list as a message M25.1 (multidose): MsgHead with ``LegemidlerIBruk``.

Element order after the e-prescription messages v2.5: Rolle, EnkeltoppforingLIB, Pakkeinfo, Allergi
(critical-information component of 2013), Vikar. Each entry carries its prescription as base64 of a
``ReseptDokLegemiddel`` (m1, forskrivning 2013-10-08).
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Any

from lxml import etree

from ips.generate.codes import OID, text
from ips.generate.people import Case, offset
from ips.generate.treatment import TIMES, Treatment

KITH = "http://www.kith.no/xmlstds/"
HEAD = KITH + "msghead/2006-05-24"
M251 = KITH + "eresept/m251/2013-10-08"
M1 = KITH + "eresept/m1/2013-10-08"
PRESCRIBED = KITH + "eresept/forskrivning/2013-10-08"
CRITICAL = KITH + "eresept/ki/2013-04-25"
COMMON = KITH + "felleskomponent1"
_ROOT = OID.removeprefix("urn:oid:")


@dataclass(frozen=True, slots=True)
class Cave:
    """A medicine reaction of the critical-information component.

    Attributes:
        substance: name of the active substance.
        atc: ATC code and text.
        reaction: code of list 7497.
        source: code of list 7498.
        updated: last change.
        refuted: whether the reaction was shown not to exist.
        comment: free text.
    """

    substance: str
    atc: tuple[str, str]
    reaction: str
    source: str
    updated: dt.date
    refuted: bool = False
    comment: str = ""


def message(case: Case, treatments: list[Treatment], caves: tuple[Cave, ...] = ()) -> bytes:
    """Return ``m25.xml`` as UTF-8."""
    root = etree.Element(_in(HEAD, "MsgHead"), nsmap=_spaces(HEAD))
    _head(case, root)
    content = _path(root, HEAD, "Document", "RefDoc", "Content")
    kind = etree.Element(_in(HEAD, "MsgType"), V="XML", DN="XML-instans")
    content.addprevious(kind)
    listing = etree.SubElement(
        content, _in(M251, "LegemidlerIBruk"), nsmap=_spaces(M251, fk1=COMMON, ki=CRITICAL)
    )
    _role(case, listing, "M", "Multidoseansvarlig lege")
    for treatment in treatments:
        _entry(case, listing, treatment)
    _pack(case, listing)
    for cave in caves:
        _cave(case, listing, cave)
    _leaf(listing, M251, "Vikar", V="2", DN="Nei")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _head(case: Case, root: etree._Element) -> None:
    info = etree.SubElement(root, _in(HEAD, "MsgInfo"))
    _leaf(info, HEAD, "Type", V="ERM251", DN="Legemidler i bruk")
    _leaf(info, HEAD, "MIGversion", "v1.2 2006-05-24")
    _leaf(info, HEAD, "GenDate", case.instant(case.day))
    _leaf(info, HEAD, "MsgId", case.uuid("m25-message"))
    who = case.clinician
    sender = _path(info, HEAD, "Sender", "Organisation")
    _leaf(sender, HEAD, "OrganisationName", who.organisation.name)
    _ident(sender, HEAD, who.organisation.number, "ENH",
           "Organisasjonsnummeret i Enhetsregister", "9051")  # fmt: skip
    _ident(sender, HEAD, who.organisation.her_id, "HER", "HER-id", "9051")
    person = etree.SubElement(sender, _in(HEAD, "HealthcareProfessional"))
    _leaf(person, HEAD, "TypeHealthcareProfessional", V="LE", DN="Lege")
    _leaf(person, HEAD, "FamilyName", who.family)
    _leaf(person, HEAD, "GivenName", who.given)
    _ident(person, HEAD, who.hpr, "HPR", "HPR-nummer", "8116")
    receiver = _path(info, HEAD, "Receiver", "Organisation")
    _leaf(receiver, HEAD, "OrganisationName", "Reseptformidleren (oppdiktet mottaker)")
    _patient(case, info)


def _patient(case: Case, info: etree._Element) -> None:
    person = case.person
    patient = etree.SubElement(info, _in(HEAD, "Patient"))
    _leaf(patient, HEAD, "FamilyName", person.family)
    if person.middle:
        _leaf(patient, HEAD, "MiddleName", person.middle)
    _leaf(patient, HEAD, "GivenName", person.given)
    sex = ("2", "Kvinne") if person.female else ("1", "Mann")
    _leaf(patient, HEAD, "Sex", V=sex[0], DN=sex[1])
    kind = ("DNR", "D-nummer") if person.d_number else ("FNR", "Fødselsnummer")
    _ident(patient, HEAD, person.number, *kind, "8116")


def _role(case: Case, parent: etree._Element, code: str, name: str) -> None:
    who = case.clinician
    role = etree.SubElement(parent, _in(M251, "Rolle"))
    _leaf(role, M251, "Rolle", V=code, DN=name)
    person = etree.SubElement(role, _in(M251, "Helseperson"))
    number = etree.SubElement(person, _in(M251, "HprId"))
    _leaf(number, COMMON, "Id", who.hpr)
    _leaf(number, COMMON, "TypeId", V="HPR", S=_ROOT + "8116", DN="HPR-nummer")
    _leaf(person, M251, "Fornavn", who.given)
    _leaf(person, M251, "Etternavn", who.family)


def _entry(case: Case, parent: etree._Element, treatment: Treatment) -> None:
    written, until = treatment.prescribed(case.day)
    entry = etree.SubElement(parent, _in(M251, "EnkeltoppforingLIB"))
    _leaf(entry, M251, "Id", case.uuid("m25-entry"))
    _leaf(entry, M251, "Type", V=treatment.kind, DN=text("7491", treatment.kind))
    if treatment.kind == "E":
        _leaf(entry, M251, "ReseptId", case.uuid("m25-prescription"))
        _leaf(entry, M251, "UtlopsdatoResept", _date(until))
    _leaf(entry, M251, "SistEndret", case.instant(written))
    _leaf(entry, M251, "DatoOppstart", _date(treatment.start))
    _leaf(entry, M251, "MedEndring", "false")
    _role(case, entry, "R", "Rekvirent")
    if treatment.stop:
        _role(case, entry, "S", "Seponert av")
    prescription = etree.tostring(_prescription(treatment, written), encoding="UTF-8")
    _leaf(entry, M251, "ReseptDokLegemiddelB64", base64.b64encode(prescription).decode())
    if treatment.stop:
        stop = etree.SubElement(entry, _in(M251, "Seponering"))
        _leaf(stop, M251, "Tidspunkt", case.instant(treatment.stop.day))
        reason = treatment.stop.reason
        _leaf(stop, M251, "Arsak", V=reason, DN=text("7494", reason))
        if treatment.stop.note:
            _leaf(stop, M251, "Merknad", treatment.stop.note)


def _prescription(treatment: Treatment, written: dt.date) -> etree._Element:
    medicine = treatment.medicine
    root = etree.Element(_in(M1, "ReseptDokLegemiddel"), nsmap=_spaces(M1))
    _leaf(root, M1, "Varegruppekode", V="L", DN=text("7402", "L"))
    _leaf(root, M1, "Antall", "1")
    _leaf(root, M1, "Reiterasjon", str(treatment.reiterations))
    if not treatment.substitution:
        _leaf(root, M1, "BytteresRekvirent", V="1", DN="Ja")
    body = etree.SubElement(root, _in(PRESCRIBED, "Forskrivning"), nsmap=_spaces(PRESCRIBED))
    _leaf(body, PRESCRIBED, "Bruksomrade", medicine.use_area)
    _leaf(body, PRESCRIBED, "DosVeiledEnkel", treatment.dosage)
    _leaf(body, PRESCRIBED, "IngenKombinasjon", "false")
    _leaf(body, PRESCRIBED, "Bruk", V=treatment.use, DN=text("9101", treatment.use))
    if treatment.doses:
        _dosing(body, treatment, written)
    product = "Legemiddelpakning" if medicine.item else "LegemiddelVirkestoff"
    what = etree.SubElement(body, _in(PRESCRIBED, product))
    _leaf(what, PRESCRIBED, "Atc", V=medicine.atc, S=_ROOT + "7180", DN=medicine.atc_name)
    _leaf(what, PRESCRIBED, "NavnFormStyrke", medicine.name)
    _leaf(what, PRESCRIBED, "Reseptgruppe", V=medicine.group, DN=text("7421", medicine.group))
    _leaf(what, PRESCRIBED, "LegemiddelformKort", V=medicine.form, S=_ROOT + "7448",
          DN=medicine.form_name)  # fmt: skip
    _leaf(what, PRESCRIBED, "Varenr" if medicine.item else "Id", medicine.fest_id)
    return root


def _dosing(body: etree._Element, treatment: Treatment, written: dt.date) -> None:
    dosing = etree.SubElement(body, _in(PRESCRIBED, "Dosering"))
    _leaf(dosing, PRESCRIBED, "Starttidspunkt", V=written.isoformat())
    if treatment.end:
        _leaf(dosing, PRESCRIBED, "Sluttidspunkt", V=treatment.end.isoformat())
    for time, amount in treatment.doses:
        dose = etree.SubElement(dosing, _in(PRESCRIBED, "DoseFastTidspunkt"))
        _leaf(dose, PRESCRIBED, "Mengde", V=f"{amount:g}", U=treatment.medicine.unit)
        _leaf(dose, PRESCRIBED, "Intervall", V="1", U="Døgn")
        _leaf(dose, PRESCRIBED, "Tidsomrade", V=time, DN=TIMES[time].capitalize())
        _leaf(dose, PRESCRIBED, "GisEksakt", "false")


def _pack(case: Case, listing: etree._Element) -> None:
    pack = etree.SubElement(listing, _in(M251, "Pakkeinfo"))
    first = case.day + dt.timedelta(days=7)
    _leaf(pack, M251, "Bestillingsfrist", case.instant(case.day + dt.timedelta(days=3)))
    _leaf(pack, M251, "ForsteDoseringsdato", _date(first))
    _leaf(pack, M251, "SisteDoseringsdato", _date(first + dt.timedelta(days=13)))


def _cave(case: Case, listing: etree._Element, cave: Cave) -> None:
    allergy = etree.SubElement(listing, _in(CRITICAL, "Allergi"))
    reaction = etree.SubElement(allergy, _in(CRITICAL, "Legemiddelreaksjon"))
    code, name = cave.atc
    _leaf(reaction, CRITICAL, "Atc", V=code, S=_ROOT + "7180", DN=name)
    _leaf(reaction, CRITICAL, "Hjelpestoffreaksjon", "false")
    _leaf(reaction, CRITICAL, "Virkestoff", cave.substance)
    for element, list_id, value in (
        ("Reaksjon", "7497", cave.reaction), ("Kilde", "7498", cave.source)
    ):  # fmt: skip
        _leaf(allergy, CRITICAL, element, V=value, S=_ROOT + list_id, DN=text(list_id, value))
    _leaf(allergy, CRITICAL, "Oppdatert", case.instant(cave.updated))
    _leaf(allergy, CRITICAL, "Avkreftet", "true" if cave.refuted else "false")
    if cave.comment:
        _leaf(allergy, CRITICAL, "Kommentar", cave.comment)


def _ident(
    parent: etree._Element, space: str, value: str, code: str, name: str, list_id: str
) -> None:
    ident = etree.SubElement(parent, _in(space, "Ident"))
    _leaf(ident, space, "Id", value)
    _leaf(ident, space, "TypeId", V=code, DN=name, S=_ROOT + list_id)


def _leaf(
    parent: etree._Element, space: str, name: str, content: str | None = None, **attributes: str
) -> None:
    etree.SubElement(parent, _in(space, name), attributes).text = content


def _path(parent: etree._Element, space: str, *names: str) -> etree._Element:
    for name in names:
        parent = etree.SubElement(parent, _in(space, name))
    return parent


def _spaces(default: str, **prefixed: str) -> Any:
    # None names the default namespace, which the type of nsmap leaves out.
    return {None: default, **prefixed}


def _in(space: str, name: str) -> str:
    return f"{{{space}}}{name}"


def _date(day: dt.date) -> str:
    return f"{day.isoformat()}{offset(day)}"
