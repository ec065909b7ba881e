"""Which connector is meant: the samples, a folder, a FHIR server, or a country's own."""

from __future__ import annotations

import importlib
from pathlib import Path

from data.errors import InputError, Problem
from ncp.connector.base import NationalConnector
from ncp.connector.fhir_server import FhirServer
from ncp.connector.records import Records


def choose(
    country: str, *, records: Path | None = None, named: str = "", lenient: bool = False
) -> NationalConnector:
    """Return the connector of country A.

    Args:
        country: ISO 3166-1 alpha-2.
        records: a folder of records.
        named: ``fhir+https://server/fhir``, or ``module:factory`` of a country's own connector; the
            factory is called with the country code.
        lenient: faults in the records become warnings.

    Raises:
        InputError: both are given, nothing usable is there, or what the factory gives is none.
    """
    if records is not None and named:
        raise InputError(Problem("records and a connector are given", "--connector",
                                 remedy="choose one of --records and --connector"))  # fmt: skip
    if records is not None:
        return Records.folder(records, country, lenient=lenient)
    if named.startswith(("fhir+http://", "fhir+https://")):
        return FhirServer(named.removeprefix("fhir+"), country)
    return _own(named, country) if named else Records.samples(country)


def _own(named: str, country: str) -> NationalConnector:
    module, _, factory = named.partition(":")
    try:
        made = getattr(importlib.import_module(module), factory)(country)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            Problem(f"the connector cannot be loaded: {error}", named,
                    rule="--connector module:factory",
                    remedy="check the name, and that the module is on PYTHONPATH")
        ) from None  # fmt: skip
    if not isinstance(made, NationalConnector):
        raise InputError(
            Problem("what the factory gives is no connector", named,
                    rule="ncp.connector.base.NationalConnector", remedy="see docs/ncp-a.md")
        )  # fmt: skip
    return made
