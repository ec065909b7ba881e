"""FHIR to CDA: the documents that MyHealth@EU exchanges, at level 3 and level 1."""

from ips.cda.write.document import Written, to_cda

__all__ = ["Written", "to_cda"]
