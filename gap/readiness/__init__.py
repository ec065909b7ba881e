"""The main job: run what can be tested, keep the evidence, and have it checked again by anyone.

``running.run`` goes through the stages of a ``Plan`` and fills an evidence folder, ``verify``
checks such a folder without network, ``shown`` tells what it shows of each obligation. See
docs/readiness.md.
"""
