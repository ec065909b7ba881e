"""The documents of MyHealth@EU: CDA written from FHIR, read into FHIR, and checked."""
