"""The shipped assessments, analysed once a process."""

from __future__ import annotations

from functools import cache

from data.loaders import assessments, catalogue, systems
from gap.analysis import Analysis
from gap.judgement import Judgement
from gap.schemes import schemes


@cache
def shipped(assessment: str, scheme: str = "share-met") -> Analysis:
    """Return the analysis of a shipped assessment on its own day."""
    loaded = assessments.load(assessment)
    j = Judgement(catalogue.catalogue(), systems.systems(), loaded, loaded.as_of)
    return Analysis(j, schemes()[scheme])
