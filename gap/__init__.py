"""The judgement: what applies to whom, how far it is met, and what has to happen by when."""
