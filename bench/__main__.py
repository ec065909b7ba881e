"""Run all benchmarks and print one table: ``make bench``."""

from __future__ import annotations

from itertools import chain

from bench import cda, gap, ips, ncp

print(f"{'what':70} {'measured':>20}  {'aim':>12}")
for what, measured, aim in chain(gap.rows(), ips.rows(), cda.rows(), ncp.rows()):
    print(f"{what:70} {measured:>20}  {aim:>12}", flush=True)
