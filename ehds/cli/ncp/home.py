"""Options that the commands of the exchange share: where its files lie, which clock counts."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import click

from ehds.cli.options import F


class Moment(click.ParamType[dt.datetime]):
    """A moment on the command line: 2026-11-22T12:00:00Z."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> dt.datetime:
        """Return an aware time, or fail with the form it should have."""
        if isinstance(value, dt.datetime):
            return value
        try:
            found = dt.datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(f"«{value}» is no time with its zone; write it as 2026-11-22T12:00:00Z",
                      param, ctx)  # fmt: skip
        return found.astimezone(dt.UTC)


class Seconds(click.FloatRange):
    """A number of seconds within bounds; «nan», which no bound refuses, is refused."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the seconds, or fail."""
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail(f"«{value}» is no number of seconds", param, ctx)
        return found


def home(command: F) -> F:
    """Add ``--home``."""
    return click.option(
        "--home", type=click.Path(path_type=Path, file_okay=False), envvar="EHDS_NCP_HOME",
        show_envvar=True, help="Folder of the exchange: certificates and store.",
    )(command)  # fmt: skip


def clock(command: F) -> F:
    """Add ``--now``."""
    return click.option("--now", type=Moment(), help="The moment that counts; now by default.")(
        command
    )


def home_folder(chosen: Path | None) -> Path:
    """Return the folder of the exchange: the chosen one, or the user's own."""
    if chosen:
        return chosen
    from platformdirs import user_state_path

    return user_state_path("ehds") / "ncp"


def moment(chosen: dt.datetime | None) -> dt.datetime:
    """Return the moment that counts."""
    return chosen or dt.datetime.now(dt.UTC)
