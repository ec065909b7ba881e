"""A small patient summary of our own, to change one thing at a time."""

from __future__ import annotations

EHDSI = "1.3.6.1.4.1.12559.11.10.1.3.1"

_SECTION = """
<component><section>
  <templateId root="{template}"/><code code="{code}" codeSystem="2.16.840.1.113883.6.1"/>
  <title>{title}</title><text><paragraph ID="{key}">{title}: {words}</paragraph></text>
  {entries}
</section></component>"""

ALLERGY = f"""
<entry><act classCode="ACT" moodCode="EVN"><templateId root="{EHDSI}.3.16"/>
 <id root="2.999.1"/><code code="CONC" codeSystem="2.16.840.1.113883.5.6"/>
 <statusCode code="active"/><effectiveTime><low value="20200101"/></effectiveTime>
 <entryRelationship typeCode="SUBJ" inversionInd="false"><observation classCode="OBS"
   moodCode="EVN"><templateId root="{EHDSI}.3.17"/><id root="2.999.2"/>
  <code code="609328004" codeSystem="2.16.840.1.113883.6.96"/>
  <text><reference value="#allergies"/></text><statusCode code="completed"/>
  <effectiveTime><low value="20200101"/></effectiveTime>
  <participant typeCode="CSM"><participantRole classCode="MANU"><playingEntity classCode="MMAT">
   <code code="J01CA04" codeSystem="2.16.840.1.113883.6.73" displayName="amoxicillin"/>
  </playingEntity></participantRole></participant>
 </observation></entryRelationship></act></entry>"""

PROBLEM = f"""
<entry><act classCode="ACT" moodCode="EVN"><templateId root="{EHDSI}.3.15"/>
 <id root="2.999.3"/><code code="CONC" codeSystem="2.16.840.1.113883.5.6"/>
 <statusCode code="active"/><effectiveTime><low value="2019"/></effectiveTime>
 <entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN">
  <templateId root="{EHDSI}.3.7"/><id root="2.999.4"/>
  <code code="282291009" codeSystem="2.16.840.1.113883.6.96"/>
  <text><reference value="#problems"/></text><statusCode code="completed"/>
  <effectiveTime><low value="2019"/></effectiveTime>
  <value xsi:type="CD" code="J45" codeSystem="{EHDSI}.44.2" displayName="Asthma"/>
 </observation></entryRelationship></act></entry>"""

NO_MEDICINES = f"""
<entry><substanceAdministration classCode="SBADM" moodCode="INT">
 <templateId root="{EHDSI}.3.4"/><id root="2.999.5"/>
 <code code="no-known-medications" codeSystem="2.16.840.1.113883.5.1150.1"
  displayName="No known medications"/>
 <text><reference value="#medications"/></text><statusCode code="completed"/>
 <effectiveTime xsi:type="IVL_TS" nullFlavor="UNK"/><effectiveTime nullFlavor="NA"/>
 <consumable><manufacturedProduct><templateId root="{EHDSI}.3.31"/>
  <manufacturedMaterial nullFlavor="NA"/></manufacturedProduct></consumable>
</substanceAdministration></entry>"""

NO_PROCEDURES = f"""
<entry><procedure classCode="PROC" moodCode="EVN"><templateId root="{EHDSI}.3.26"/>
 <id root="2.999.6"/><code code="no-procedure-info" codeSystem="2.16.840.1.113883.5.1150.1"
  displayName="No information about past history of procedures"/>
 <text><reference value="#procedures"/></text><statusCode code="completed"/>
 <effectiveTime nullFlavor="NA"/></procedure></entry>"""

NO_DEVICES = f"""
<entry><supply classCode="SPLY" moodCode="EVN"><templateId root="{EHDSI}.3.5"/>
 <id root="2.999.7"/><text><reference value="#devices"/></text>
 <effectiveTime xsi:type="IVL_TS" nullFlavor="NA"/>
 <participant typeCode="DEV"><participantRole classCode="MANU"><playingDevice classCode="DEV"
  determinerCode="INSTANCE"><code code="no-known-devices"
  codeSystem="2.16.840.1.113883.5.1150.1" displayName="No known devices in use"/>
 </playingDevice></participantRole></participant></supply></entry>"""

_ORGANISATION = """<id root="2.999.8"/><name>Oppdiktet sykehus</name>
<telecom nullFlavor="NI"/><addr><country>NO</country></addr>"""

HEADER = f"""
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<templateId root="{EHDSI}.1.3"/><id root="2.999.9" extension="summary-1"/>
<code code="60591-5" codeSystem="2.16.840.1.113883.6.1" displayName="Patient summary Document"/>
<title>Patient Summary</title><effectiveTime value="20261122104900+0100"/>
<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="normal"/>
<languageCode code="en-GB"/><setId root="2.999.9" extension="set-1"/>
<recordTarget><patientRole><id root="2.16.578.1.12.4.1.4.1" extension="13816248213"/>
 <addr><country>NO</country></addr><telecom nullFlavor="NI"/><patient>
 <name><family>Testpasient</family><given>Line</given></name>
 <administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1" displayName="Female"/>
 <birthTime value="19620113"/></patient></patientRole></recordTarget>
<author><functionCode code="221" codeSystem="2.16.840.1.113883.2.9.6.2.7"
  displayName="Medical doctors"/><time value="20261122104900+0100"/><assignedAuthor>
 <id root="2.999.10" extension="1"/><addr nullFlavor="NI"/><telecom nullFlavor="NI"/>
 <assignedPerson><name><family>Lege</family><given>Oppdiktet</given></name></assignedPerson>
 <representedOrganization>{_ORGANISATION}</representedOrganization></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization>{_ORGANISATION}
</representedCustodianOrganization></assignedCustodian></custodian>
<legalAuthenticator><time value="20261122104900+0100"/><signatureCode code="S"/><assignedEntity>
 <id root="2.999.10" extension="1"/><addr nullFlavor="NI"/><telecom nullFlavor="NI"/>
 <assignedPerson><name><family>Lege</family><given>Oppdiktet</given></name></assignedPerson>
 <representedOrganization>{_ORGANISATION}</representedOrganization>
</assignedEntity></legalAuthenticator>
<documentationOf><serviceEvent classCode="PCPR"><effectiveTime><high value="20261122"/>
</effectiveTime></serviceEvent></documentationOf>
<relatedDocument typeCode="XFRM"><parentDocument><id root="2.999.9" extension="pdf-1"/>
</parentDocument></relatedDocument>"""


def section(key: str, number: str, code: str, title: str, entries: str, words: str = "-") -> str:
    """Return a section with one paragraph that has the key as its id."""
    return _SECTION.format(
        key=key, template=f"{EHDSI}.2.{number}", code=code, title=title, entries=entries,
        words=words,
    )  # fmt: skip


SECTIONS = "".join(
    (
        section("medications", "3", "10160-0", "Medicines", NO_MEDICINES),
        section("allergies", "12", "48765-2", "Allergies", ALLERGY),
        section("procedures", "11", "47519-4", "Procedures", NO_PROCEDURES),
        section("problems", "9", "11450-4", "Problems", PROBLEM),
        section("devices", "4", "46264-8", "Devices", NO_DEVICES),
    )
)


def document(header: str = HEADER, sections: str = SECTIONS, body: str = "") -> str:
    """Return a patient summary; ``body`` replaces the structured one."""
    inside = body or f"<structuredBody>{sections}</structuredBody>"
    return (
        '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:pharm="urn:hl7-org:pharm" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{header}'
        f"<component>{inside}</component></ClinicalDocument>"
    )


def changed(old: str, new: str, text: str = "") -> bytes:
    """Return the summary with one thing changed."""
    text = text or document()
    assert old in text
    return text.replace(old, new, 1).encode()


FILE = (
    '<nonXMLBody><text mediaType="application/pdf" representation="B64">JVBERi0=</text>'
    "</nonXMLBody>"
)


def level_one() -> str:
    """Return the level 1 document of the pair."""
    return document(
        HEADER.replace("summary-1", "TMP").replace("pdf-1", "summary-1").replace("TMP", "pdf-1")
        .replace(f"{EHDSI}.1.3", f"{EHDSI}.1.7"), body=FILE
    )  # fmt: skip
