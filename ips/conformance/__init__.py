"""Judges FHIR documents by the patient-summary and prescription guides, without network."""
