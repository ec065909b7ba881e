"""What if: assumed changes and plans, what they move, and the chance that a date is kept.

Nothing here writes: an assessment is never touched, and what is assumed is no evidence.
"""
