"""The documents: Norwegian sources to FHIR summaries and prescriptions, and their conformance."""
