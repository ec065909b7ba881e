"""Certification readiness: what is shown of a system, a contact point or a region, and by what.

Nothing here gives a verdict of conformity. A point is «shown» only where a test or a check of a
third party shows it; what somebody says, and what nobody has looked at, stay apart. See
docs/certification.md.
"""

from gap.certification.ehr_system import EhrReadiness, Entry, Origin, ehr_system
from gap.certification.facts import Facts, read
from gap.certification.ncp import NcpReadiness, ncp
from gap.certification.region import RegionReadiness, region
from gap.certification.shown import Point, Standing, point

__all__ = [
    "EhrReadiness", "Entry", "Facts", "NcpReadiness", "Origin", "Point", "RegionReadiness",
    "Standing", "ehr_system", "ncp", "point", "read", "region",
]  # fmt: skip
