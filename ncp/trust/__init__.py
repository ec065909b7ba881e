"""Trust between contact points: certificates, assertions issued, signed and verified in full.

``certs`` makes the certificates of a test environment, ``issue`` writes assertions, ``verify``
judges those that came with a request, ``attest`` makes a health professional of a Norwegian attest.
"""
