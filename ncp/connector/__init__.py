"""Where country A's patients and documents come from: sample patients, a folder, a FHIR server.

A country writes its own connector against ``ncp.connector.base.NationalConnector``.
"""
