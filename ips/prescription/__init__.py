"""Electronic prescriptions and dispensations between e-resept and HL7 Europe MPD (FHIR R4)."""

from ips.prescription.build import Built, OutsideScope, assemble, build, build_dispensation
from ips.prescription.dispense import Product, Supply, dispense
from ips.prescription.home import Report, report_home

__all__ = [
    "Built",
    "OutsideScope",
    "Product",
    "Report",
    "Supply",
    "assemble",
    "build",
    "build_dispensation",
    "dispense",
    "report_home",
]
