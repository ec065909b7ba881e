"""Audit messages of other contact points are read in both flavours, with clear errors."""

from __future__ import annotations

import base64

import pytest

from data.errors import InputError
from ncp.audit import Flavour, atna, read_atna
from ncp.audit.syslog import octets, syslog
from ncp.model import Operation
from tests.ncp.audit.transactions import NOON, exchange

FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<AuditMessage>
  <EventIdentification EventActionCode="R" EventDateTime="2024-07-16T15:36:08.204+02:00"
      EventOutcomeIndicator="0">
    <EventID code="110106" codeSystemName="DCM" displayName="Export"/>
    <EventTypeCode code="ITI-39" codeSystemName="IHE Transactions" displayName="X::Retrieve"/>
  </EventIdentification>
  <ActiveParticipant UserID="u" UserIsRequestor="true"><RoleIDCode code="110153"/>
  </ActiveParticipant>
  <AuditSourceIdentification AuditSourceID="LU-1"/>
  <ParticipantObjectIdentification ParticipantObjectID="{id}" ParticipantObjectTypeCode="2"
      ParticipantObjectTypeCodeRole="4"><ParticipantObjectIDTypeCode code="12"/>
  </ParticipantObjectIdentification>
</AuditMessage>"""


def test_plain_rfc_3881_and_ids_in_base64_are_read():
    hidden = base64.b64encode(b"1.2.3^doc-1").decode()
    read = read_atna(FOREIGN.format(id=hidden).encode())
    assert read.flavour == "code"
    assert read.documents == (hidden, "1.2.3^doc-1")
    assert read.participant("110153").requests


def test_an_oid_is_not_taken_for_base64():
    assert read_atna(FOREIGN.format(id="1.2.3.4^ab").encode()).documents == ("1.2.3.4^ab",)


@pytest.mark.parametrize("flavour", list(Flavour))
def test_what_is_written_is_read_whole(flavour):
    read = read_atna(atna(exchange(Operation.PS_LIST), flavour))
    assert read.flavour == flavour.value
    assert read.participant("ServiceProvider").roles[0].text == "eHealth DSI Service Provider"


def test_a_message_framed_as_syslog_is_read():
    framed = octets(syslog(atna(exchange(Operation.PS_LIST)), time=NOON))
    assert read_atna(framed).operation == "PatientService::List"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<AuditMessage", "not well-formed"),
        (b"<Other/>", "the root is"),
        (b"<AuditMessage/>", "no EventIdentification"),
        (b"<AuditMessage><EventIdentification/><ActiveParticipant/><AuditSourceIdentification/>"
         b"</AuditMessage>", "no EventID"),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><AuditMessage>&b;</AuditMessage>",
         "document type"),
    ],
)  # fmt: skip
def test_what_is_no_audit_message_is_refused_with_the_reason(content, said):
    with pytest.raises(InputError, match=said):
        read_atna(content)


def test_everything_that_is_missing_is_told_at_once():
    with pytest.raises(InputError) as caught:
        read_atna(b"<AuditMessage/>")
    assert len(caught.value.problems) == 3
