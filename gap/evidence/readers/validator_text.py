"""What the official HL7 validator (``validator_cli.jar``) prints on a terminal.

One file gives its summary line and the issues; several give a block each, headed by the name.
"""

from __future__ import annotations

import re

from data.results import Outcome, Severity
from gap.evidence.readers.common import categories_of, not_this, short
from gap.evidence.readers.fhir import VALIDATOR
from gap.evidence.record import Raw
from ips.conformance.obligations import of_rule

_BANNER = re.compile(r"FHIR Validation tool Version (\S+)")
_HEAD = re.compile(r"^-- (.+?) -{3,}\s*$")
_SUMMARY = re.compile(
    r"^\s*(?:Success|\*FAILURE\*):\s*(\d+) errors?, (\d+) warnings?, (\d+) notes?\s*$"
)
_OLDER = re.compile(r"^\s*(?:Success|\*FAILURE\*)\.*validating (.+?):\s*error:\s*(\d+)")
_ISSUE = re.compile(
    r"^\s+(Fatal|Error|Warning)\s*(?:@ (.*?)(?: \(line (\d+), col ?(\d+)\))?)?: (.*)$"
)
_VALIDATING = re.compile(r"^\s*(?:\.\. )?[Vv]alidate (?!.+ against )\[?(.+?)\]?\s*$")
_MESSAGE_ID = re.compile(r"\s*\{([\w#:/.|-]+)\}\s*$")
"""Printed with ``-show-message-ids``; «null» where the validator has none."""


def is_validator_text(text: str) -> bool:
    """Whether a text is what the validator prints."""
    return bool(_BANNER.search(text)) or any(
        _SUMMARY.match(line) or _OLDER.match(line) for line in text.splitlines()[:5000]
    )


def read(text: str) -> list[Raw]:
    """Return a verdict and the findings of every file.

    Raises:
        InputError: there is no verdict in the text; the run was cut off.
    """
    banner = _BANNER.search(text)
    version = banner[1] if banner else ""
    what, found = "", []
    for line in text.splitlines():
        head, summary, older = _HEAD.match(line), _SUMMARY.match(line), _OLDER.match(line)
        if older:
            found.append(_verdict(older[1], int(older[2]), version))
        elif head:
            what = head[1]
        elif summary:
            found.append(_verdict(what, int(summary[1]), version))
        elif (named := _VALIDATING.match(line)) and not found:
            what = named[1]
        elif (issue := _ISSUE.match(line)) and found:
            found.append(_finding(issue, what, version))
    if not found:
        raise not_this("the output of the HL7 validator", "it has no verdict; the run was cut off")
    return found


def _verdict(what: str, errors: int, version: str) -> Raw:
    return Raw(f"{VALIDATOR}/verdict", what, Outcome.FAIL if errors else Outcome.PASS,
               message=f"{errors} errors", tool_version=version, whole=True)  # fmt: skip


def _finding(issue: re.Match[str], what: str, version: str) -> Raw:
    word, path, line, _, message = issue.groups()
    named = _MESSAGE_ID.search(message)
    code = named[1] if named and named[1] != "null" else "issue"
    message = message[: named.start()] if named else message
    place = f"{path or ''}{f' (line {line})' if line else ''}"
    carried = of_rule(code, f"{path or ''} {message}")
    return Raw(f"{VALIDATOR}/rule/{code}", what, Outcome.FAIL,
               Severity.WARNING if word == "Warning" else Severity.ERROR,
               short(message), short(place), carried, categories_of(carried),
               tool_version=version)  # fmt: skip
