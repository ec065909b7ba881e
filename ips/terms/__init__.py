"""Codes: from national lists to European code systems, with source, equivalence and doubt.

Every code that leaves Norway is mapped with its source, or carried as text with a reason.
"""

from ips.terms.concept import codeable_concept, fate
from ips.terms.labels import label
from ips.terms.model import Coding, Equivalence, Translation
from ips.terms.systems import list_id, normalise_system
from ips.terms.translation import translate
from ips.terms.valuesets import in_value_set

__all__ = [
    "Coding",
    "Equivalence",
    "Translation",
    "codeable_concept",
    "fate",
    "in_value_set",
    "label",
    "list_id",
    "normalise_system",
    "translate",
]
