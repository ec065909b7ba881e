"""The messages of the Norwegian e-prescription (Reseptformidleren), opened and held to be true.

M1 prescription, M9.6 list, M10 dispensation, M5 recall and FEST (M30). M25.1 is a source of the
patient summary and is read by ``ips.sources.m25``. Making FHIR of them is ``ips.prescription``.
"""
