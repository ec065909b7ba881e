"""Country A as a tester's tool: with faults on demand, and with expectations against country B."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from data.files import write_all
from data.results import Report
from ncp.faults.exchange import FaultyExchange
from ncp.faults.plan import FaultHeader, Plan
from ncp.faults.table import parse
from ncp.scenarios.incoming import Answering, Expectation, Watcher, read_expectations, report
from ncp.service.app import build
from ncp.service.pipeline import Pipeline
from ncp.service.starting import Started

SCHEMA = "ehds.ncp-expect/1"


@dataclass(frozen=True, slots=True)
class Wired:
    """A contact point for testers.

    Attributes:
        app: what is served.
        watcher: what has come in; None without expectations.
        expectations: what shall come in.
    """

    app: Starlette
    watcher: Watcher | None = None
    expectations: Sequence[Expectation] = ()

    def judged(self) -> Report | None:
        """Return what came of the expectations so far; None without any."""
        return report(self.expectations, self.watcher.seen) if self.watcher else None

    def write(self, file: Path) -> None:
        """Write what came of the expectations as JSON."""
        found = self.judged()
        if found is None:
            return
        names = {e.id: (e.nb, e.en) for e in self.expectations}
        content = {
            "schema": SCHEMA, "outcome": found.outcome, **found.extra,
            "expectations": [
                {**r.to_dict(), "title_nb": names[r.id][0], "title_en": names[r.id][1]}
                for r in found.results
            ],
        }  # fmt: skip
        write_all({file: json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"})


def wire(
    started: Started,
    home: Path,
    *,
    faults: Sequence[str] = (),
    expect: Path | None = None,
    **options: Any,
) -> Wired:
    """Return the contact point with what a tester wants of it.

    Args:
        started: the contact point.
        home: its home folder, with the seals of the countries.
        faults: as ``ncp.faults.table.parse`` reads them; with any, requests may bring their own in
            the header ``X-EHDS-Fault``.
        expect: expectations, a TOML file or folder.
        options: further arguments of ``ncp.service.app.build``.

    Raises:
        InputError: a fault or an expectation that is not understood.
    """
    wanted = read_expectations(expect) if expect else []
    found = parse(faults)
    exchange: Answering = (
        FaultyExchange(started.point, Plan(found), home / "certs") if found
        else Pipeline(started.point)
    )  # fmt: skip
    watcher = Watcher(exchange, started.point) if wanted else None
    app = build(watcher or exchange, **options)
    if found:
        app.add_middleware(FaultHeader)
    return Wired(app, watcher, wanted)
