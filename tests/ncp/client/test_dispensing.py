"""What is no eDispensation is not sent to country A to be taken back."""

from __future__ import annotations

import pytest

from data.errors import InputError
from ncp.client.dispensing import bundle_of, reported
from tests.ncp.client.answering import PATIENT, document


def edispensation() -> bytes:
    return document().replace(b'code="60591-5"', b'code="60593-1"')


def test_the_patient_of_an_edispensation_is_found():
    assert reported(edispensation(), "given.xml").ids == (PATIENT,)


@pytest.mark.parametrize(("content", "why"), [
    (b" \n", "the file is empty"),
    (b'{"resourceType": "Bundle"}', "this is no CDA document"),
    (document(), "no eDispensation but a patient summary"),
    (document().replace(b"60591-5", b"57833-6"), "no eDispensation but an ePrescription"),
    (document().replace(b"60591-5", b"1-2\xc2\x9b"), "no eDispensation but a document of type"),
    (document()[:-9], "not well-formed"),
], ids=["empty", "fhir", "summary", "prescription", "other", "cut"])  # fmt: skip
def test_anything_else_is_refused_with_the_name_of_the_file(content, why):
    with pytest.raises(InputError) as told:
        reported(content, "given.xml")
    (problem,) = told.value.problems
    assert problem.where.startswith("given.xml")
    assert why in problem.what
    assert problem.what.isprintable()


def test_an_empty_prescription_is_named():
    with pytest.raises(InputError) as told:
        bundle_of(b"", "rx.xml")
    assert told.value.problems[0].where == "rx.xml"
