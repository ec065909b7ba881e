"""The root command: global options, commands loaded on first use, errors told to people."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence

import click

from data.errors import EhdsError, Exit
from ehds import __version__
from ehds.cli.lazy import LazyGroup

COMMANDS = {
    "readiness": "How ready is Norway? Analysis, workbook and page in one go.",
    "catalogue": "The obligations of the EHDS Regulation: list, show, check, export.",
    "systems": "The Norwegian systems: list, show.",
    "gap": "The gap analysis: score, explain, compare, roadmap, workbook.",
    "ips": "Patient summaries: build, check, show, bulk.",
    "rx": "Prescriptions: build, check, dispense, report, from Norwegian e-prescriptions.",
    "ncp": "The exchange: serve as country A, ask as country B, test, journal.",
    "terms": "Code lists and maps to European codes: lookup, map, coverage.",
    "patients": "Synthetic patients in Norwegian source formats: list, copy, generate.",
    "doctor": "What is installed, which editions, what can be written where.",
}


@click.group(
    cls=LazyGroup,
    package="ehds.cli",
    commands_help=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="ehds")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR works too.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing but the product and errors.")
@click.pass_context
def cli(ctx: click.Context, debug: bool, no_color: bool, quiet: bool) -> None:
    """How ready are Norway's health systems for the European Health Data Space, with proof.

    \b
    Start here:
      ehds readiness                        the whole analysis, into ehds-out/
      ehds catalogue show E15.4a            one obligation of the regulation
      ehds gap explain sfm E15.4a           why a system scores as it does

    Text is Norwegian by default; --lang en gives English. Product goes to standard output,
    everything else to standard error. Exit codes: 0 done, 1 findings at the chosen level,
    2 wrong use or input, 3 environment or remote system, 4 internal error, 130 interrupted.
    """
    ctx.ensure_object(dict)
    ctx.obj.update(debug=debug, quiet=quiet)
    ctx.color = False if no_color or os.environ.get("NO_COLOR") else None


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = list(sys.argv[1:] if args is None else args)
    stream = sys.stdout
    try:
        result = cli.main(arguments, prog_name="ehds", standalone_mode=False)
        sys.stdout.flush()
        return int(result) if isinstance(result, int) else Exit.DONE
    except EhdsError as error:
        _tell(error)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return Exit.INPUT
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted; nothing half-written is left behind.", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except SystemExit as stop:
        # click leaves by itself with 1, and wraps the stream, when the reader has gone.
        if sys.stdout is not stream:
            return _reader_gone()
        return stop.code if isinstance(stop.code, int) else Exit.INTERNAL
    except OSError as error:
        if error.errno != errno.ENOSPC or "--debug" in arguments:
            return _internal(error, arguments)
        click.echo("Error: no space left where the output goes", err=True)
        return Exit.ENVIRONMENT
    except Exception as error:
        return _internal(error, arguments)


def _internal(error: Exception, arguments: Sequence[str]) -> int:
    """Tell an error of ours, with its traceback only for --debug."""
    if "--debug" in arguments:
        click.echo(traceback.format_exc(), err=True)
        return Exit.INTERNAL
    click.echo(
        f"Internal error: {type(error).__name__}: {error}\n"
        "  remedy: run again with «ehds --debug ...» and report what it shows",
        err=True,
    )
    return Exit.INTERNAL


def _reader_gone() -> int:
    """Be silent: that the reader of our output (head, less) has gone is no error of ours."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE


def _tell(error: EhdsError) -> None:
    for problem in error.problems:
        click.echo("Error: " + "\n".join(problem.lines()), err=True)
    if len(error.problems) > 1:
        click.echo(f"{len(error.problems)} problems; nothing was written.", err=True)
