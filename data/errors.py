"""The errors a user can meet, each with place, rule and remedy, and the exit code it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command (DESIGN, the command line)."""

    DONE = 0
    FINDINGS = 1
    INPUT = 2
    ENVIRONMENT = 3
    INTERNAL = 4
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where (file and line, cell, path), which rule, what to do."""

    what: str
    where: str = ""
    rule: str = ""
    remedy: str = ""

    def lines(self) -> list[str]:
        """Return the problem as indented lines for a terminal."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        tail = [("  rule: ", self.rule), ("  remedy: ", self.remedy)]
        return [head, *(label + text for label, text in tail if text)]


def did_you_mean(name: str, known: Iterable[str], listing: str) -> str:
    """Return a remedy for an unknown name: the nearest known ones, or the command that lists."""
    import difflib

    near = difflib.get_close_matches(name, known, n=3)
    return f"did you mean: {', '.join(near)}" if near else f"see: {listing}"


class EhdsError(Exception):
    """Base of all errors that are told to the user without a traceback."""

    exit_code: Exit = Exit.INTERNAL

    def __init__(self, problems: Problem | str | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems: Sequence[Problem] = (
            [problems] if isinstance(problems, Problem) else list(problems)
        )
        super().__init__("; ".join(p.what for p in self.problems))


class InputError(EhdsError):
    """The input or the way the command was called is wrong: exit code 2."""

    exit_code = Exit.INPUT


class EnvironmentProblem(EhdsError):
    """The machine or a remote system stands in the way: exit code 3."""

    exit_code = Exit.ENVIRONMENT
