"""Run all benchmarks and print one table: ``make bench``."""

from __future__ import annotations

from bench import gap

ROWS = [*gap.rows()]

print(f"{'what':58} {'measured':>16}  {'aim':>14}")
for what, measured, aim in ROWS:
    print(f"{what:58} {measured:>16}  {aim:>14}")
