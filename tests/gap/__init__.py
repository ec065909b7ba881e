"""What the judgement promises: applicability, scores, roadmap, comparison, explanation."""
