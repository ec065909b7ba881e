"""Certification readiness as files: page, workbook, drafts, and the form for what is missing."""

from reports.certification.files import File, ehr_system_files, ncp_files, region_files

__all__ = ["File", "ehr_system_files", "ncp_files", "region_files"]
