"""FHIRPath as the invariants of FHIR R4 and its guides use it, compiled to closures.

The grammar is whole; the functions are those that occur in published invariants. Anything else
raises `Unsupported` when it is compiled, and the caller decides what evaluates it instead.
"""
