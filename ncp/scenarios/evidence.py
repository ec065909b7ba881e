"""What a run leaves behind: a folder with every message, audits and a list of checksums.

The folder can be attached to a readiness file: whoever gets it can see each message and prove that
nothing was changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from data.files import Outbox
from ncp.scenarios.model import Exchange, ScenarioRun
from ncp.scenarios.reporting import as_json

MANIFEST = "manifest-sha256.txt"


def write(folder: Path, runs: Sequence[ScenarioRun], about: dict[str, str]) -> Path:
    """Write the evidence of a run; all of it, or nothing.

    Args:
        folder: gets ``results.json``, ``manifest-sha256.txt`` and a folder for each scenario.
        runs: what came.
        about: what was judged, by whom, when.

    Returns:
        The manifest, in the form that ``sha256sum --check`` reads.

    Raises:
        InputError: the folder cannot be written.
    """
    contents: dict[str, bytes] = {
        "results.json": json.dumps(as_json(runs, about), ensure_ascii=False, indent=1).encode()
        + b"\n"
    }  # fmt: skip
    for one in runs:
        for number, exchange in enumerate(one.exchanges, 1):
            stem = f"{one.scenario.id}/{number:02}-{exchange.asked.transaction.lower()}"
            for way, kind, content in _messages(exchange):
                contents[f"{stem}-{way}{_suffix(kind)}"] = content
        for name, content in one.audits.items():
            contents[f"{one.scenario.id}/{name}"] = content
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}"
             for name, content in sorted(contents.items())]  # fmt: skip
    with Outbox(folder) as box:
        for name, content in contents.items():
            box.add(name, content)
        return box.add(MANIFEST, "\n".join(lines) + "\n")


def _messages(exchange: Exchange) -> list[tuple[str, str, bytes]]:
    found = [("request", exchange.request_type, exchange.request)]
    if exchange.response:
        found.append(("response", exchange.response_type, exchange.response))
    return found


def _suffix(kind: str) -> str:
    return ".mime" if kind.lower().startswith("multipart/") else ".xml"
