"""Which connector is meant, and a country's own."""

from __future__ import annotations

import pytest

from data.errors import InputError
from ncp.connector.choosing import choose
from ncp.connector.fhir_server import FhirServer
from ncp.connector.records import Records

OWN = """
from ncp.connector.records import Records

def factory(country):
    return Records.samples(country)

def none(country):
    return object()

def broken(country):
    raise ValueError("no access to the register")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "our_connector.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    return "our_connector"


def test_samples_folder_and_server(tmp_path):
    assert isinstance(choose("NO"), Records)
    assert isinstance(choose("NO", named="fhir+https://fhir.example/r4"), FhirServer)
    with pytest.raises(InputError, match="no record"):
        choose("NO", records=tmp_path)
    with pytest.raises(InputError, match="records and a connector"):
        choose("NO", records=tmp_path, named="a:b")


def test_a_countrys_own_connector_is_called_with_the_country(own):
    assert choose("SE", named=f"{own}:factory").persons


@pytest.mark.parametrize("name", ["none", "broken", "missing"])
def test_what_is_no_connector_is_told(own, name):
    with pytest.raises(InputError) as caught:
        choose("SE", named=f"{own}:{name}")
    assert caught.value.problems[0].where == f"{own}:{name}"
