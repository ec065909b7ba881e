"""Documents of MyHealth@EU read into FHIR, whatever wave and country they are from."""

from ips.cda.read.document import ReadBack, to_fhir

__all__ = ["ReadBack", "to_fhir"]
