"""Small source files in Norwegian formats, made for one test each; nobody in them exists."""

from __future__ import annotations

import base64
import json
from typing import Any

NUMBER = "16858399649"
"""A synthetic identity number (month + 80): 16 May 1983, female."""
OTHER = "13717404089"
"""Another one (month + 65)."""

Json = dict[str, Any]
KJ = "http://nhn.no/kj/fhir/StructureDefinition/"
SYSTEM = "http://nhn.no/kj/fhir/CodeSystem/"
OID = "urn:oid:2.16.578.1.12.4.1.1."
SUBJECT = {
    "identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": NUMBER},
    "display": "Prøve, Oppdiktet",
}


def to_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def concept(list_number: str, code: str, display: str = "", text: str = "") -> Json:
    coding = {"system": OID + list_number, "code": code, "display": display}
    return {"coding": [coding]} | ({"text": text} if text else {})


def recorder(identity: str = "recorderRef") -> Json:
    return {
        "resourceType": "PractitionerRole",
        "id": identity,
        "practitioner": {
            "identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "900000999"},
            "display": "Stetoskop, Testlege",
        },
        "organization": {
            "identifier": {"system": "urn:oid:2.16.578.1.12.4.1.2.101", "value": "100100223"},
            "display": "Oppdiktet legevakt",
        },
        "code": [
            {"coding": [{"system": SYSTEM + "CategoriesOfHealthProfessionals", "code": "LE"}]}
        ],
    }


def kj(kind: str, profile: str, **elements: Any) -> Json:
    """A resource of Kjernejournal with the subject where its type has it."""
    subject = "patient" if kind in ("AllergyIntolerance", "Consent") else "subject"
    return {
        "resourceType": kind,
        "id": f"{profile.lower()}-1",
        "meta": {"versionId": "1", "profile": [KJ + profile]},
        "contained": [recorder()],
        subject: SUBJECT,
        **elements,
    }


def allergy(**elements: Any) -> Json:
    return kj(
        "AllergyIntolerance",
        "KjAllergyIntolerance",
        **{
            "clinicalStatus": status("allergyintolerance-clinical", "active"),
            "verificationStatus": status("allergyintolerance-verification", "confirmed"),
            "category": ["medication"],
            "code": {"coding": [{"system": SYSTEM + "ATC", "code": "J01CE02", "display": "x"}]},
            "recorder": {"reference": "#recorderRef"},
            **elements,
        },
    )


def status(system: str, code: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def searchset(*resources: Json) -> bytes:
    return to_bytes(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": resource} for resource in resources],
        }
    )


M1 = "http://www.kith.no/xmlstds/eresept/m1/2013-10-08"
PRESCRIBED = "http://www.kith.no/xmlstds/eresept/forskrivning/2013-10-08"
DAILY = (
    '<DoseFastTidspunkt><Mengde V="1" U="tablett"/><Intervall V="1" U="Døgn"/>'
    '<Tidsomrade V="1" DN="Morgen"/><GisEksakt>false</GisEksakt></DoseFastTidspunkt>'
)


def prescription(
    name: str = "Simvastatin Tab 10 mg", atc: str = "C10AA01", dosing: str = DAILY, more: str = ""
) -> str:
    return (
        f'<ReseptDokLegemiddel xmlns="{M1}"><Varegruppekode V="L" DN="Legemiddel"/>{more}'
        f'<Forskrivning xmlns="{PRESCRIBED}"><Bruksomrade>KOLESTEROLSENKENDE</Bruksomrade>'
        '<DosVeiledEnkel>1 tablett morgen</DosVeiledEnkel><Bruk V="1" DN="Fast"/>'
        f'<Dosering><Starttidspunkt V="2024-01-05"/>{dosing}</Dosering>'
        f'<LegemiddelVirkestoff><Atc V="{atc}" S="2.16.578.1.12.4.1.1.7180" DN="Simvastatin"/>'
        f'<NavnFormStyrke>{name}</NavnFormStyrke><Reseptgruppe V="C" DN="Reseptgruppe C"/>'
        '<LegemiddelformKort V="53" S="2.16.578.1.12.4.1.1.7448" DN="Tablett"/>'
        "<Id>ID_8403EE8F-3562-48B0-B039-F23BDBC20C0B</Id></LegemiddelVirkestoff>"
        "</Forskrivning></ReseptDokLegemiddel>"
    )


def entry(identity: str, document: str | None = None, more: str = "") -> str:
    packed = base64.b64encode((document or prescription()).encode()).decode()
    return (
        f"<EnkeltoppforingLIB><Id>{identity}</Id><Type V='E' DN='Eresept'/>"
        "<SistEndret>2024-01-05T10:00:00+01:00</SistEndret>"
        "<DatoOppstart>2024-01-05+01:00</DatoOppstart>"
        "<Rolle><Rolle V='R' DN='Rekvirent'/><Helseperson><HprId><Id>900000999</Id></HprId>"
        "<Fornavn>Testlege</Fornavn><Etternavn>Stetoskop</Etternavn></Helseperson></Rolle>"
        f"<ReseptDokLegemiddelB64>{packed}</ReseptDokLegemiddelB64>{more}</EnkeltoppforingLIB>"
    )


REACTION = (
    '<Allergi xmlns="http://www.kith.no/xmlstds/eresept/ki/2013-04-25"><Legemiddelreaksjon>'
    '<Varenavn>Apocillin</Varenavn><Atc V="J01CE02" S="2.16.578.1.12.4.1.1.7180" '
    'DN="Fenoksymetylpenicillin"/><Hjelpestoffreaksjon>false</Hjelpestoffreaksjon>'
    '</Legemiddelreaksjon><Reaksjon V="1" S="2.16.578.1.12.4.1.1.7497" DN="Anafylaktisk reaksjon"/>'
    '<Kilde V="3" S="2.16.578.1.12.4.1.1.7498" DN="Pasientens egne opplysninger"/>'
    "<Oppdatert>2020-02-02T10:00:00+01:00</Oppdatert><Avkreftet>{refuted}</Avkreftet>"
    "<Kommentar>Ved sykehus</Kommentar></Allergi>"
)


def medication_list(*parts: str, number: str = NUMBER, kind: str = "ERM251") -> str:
    return (
        '<MsgHead xmlns="http://www.kith.no/xmlstds/msghead/2006-05-24"><MsgInfo>'
        f'<Type V="{kind}" DN="PLL"/><GenDate>2024-02-01T12:00:00+01:00</GenDate><Sender>'
        "<Organisation><OrganisationName>Oppdiktet legekontor</OrganisationName>"
        '<Ident><Id>8139412</Id><TypeId V="HER"/></Ident><HealthcareProfessional>'
        "<FamilyName>Stetoskop</FamilyName><GivenName>Testlege</GivenName>"
        '<Ident><Id>900000999</Id><TypeId V="HPR"/></Ident></HealthcareProfessional>'
        "</Organisation></Sender><Patient><FamilyName>Prøve</FamilyName>"
        '<GivenName>Oppdiktet</GivenName><Sex V="2" DN="Kvinne"/>'
        f'<Ident><Id>{number}</Id><TypeId V="FNR"/></Ident></Patient></MsgInfo><Document><RefDoc>'
        '<Content><LegemidlerIBruk xmlns="http://www.kith.no/xmlstds/eresept/m251/2013-10-08">'
        f"{''.join(parts)}</LegemidlerIBruk></Content></RefDoc></Document></MsgHead>"
    )


def download(message: str, number: str = NUMBER) -> str:
    """M9.12 with a medication list in base64."""
    packed = base64.b64encode(message.encode()).decode()
    return (
        '<M912 xmlns="http://www.ehelse.no/xmlstds/eresept/m912/2018-07-01"><Pasient>'
        f"<Fnr>{number}</Fnr><VarerIBrukB64>{packed}</VarerIBrukB64></Pasient></M912>"
    )
