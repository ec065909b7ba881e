"""``ehds ncp``: the exchange between two National Contact Points of MyHealth@EU."""

from __future__ import annotations

import click

from ehds.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "serve": "Country A: identification, query, retrieve and submit, as a real contact point.",
    "identify": "Country B: find a patient in country A (ITI-55).",
    "query": "Country B: list the patient's documents (ITI-38).",
    "retrieve": "Country B: fetch a document, checked, readable, as FHIR (ITI-39).",
    "dispense": "Country B: report a dispensation (ITI-41).",
    "discard": "Country B: take a dispensation back (ITI-41).",
    "test": "Run the scenarios against any contact point of country A.",
    "request": "Write the message of an operation without sending it.",
    "send": "Send a message as it is and show the answer.",
    "assert": "Issue or check an assertion (HCP, TRC, next of kin).",
    "ehr": "EHR systems that may ask over FHIR: add, list, remove.",
    "certs": "Certificates for a test environment, made on the spot.",
    "journal": "What was exchanged: list, filter, export, who saw what of mine.",
    "portal": "A small web page for testers: patients, documents, messages.",
}


@click.group(cls=LazyGroup, package="ehds.cli.ncp", commands_help=COMMANDS)
def command() -> None:
    """Exchange documents between two National Contact Points (MyHealth@EU).

    \b
    On one machine, without any option:
      ehds ncp serve                    country A (Norway) with the sample patients
      ehds ncp identify --patient penicillin-anaphylaxis
    """
