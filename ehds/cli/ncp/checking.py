"""What ``ehds ncp test`` is given, judged before the first scenario: a run takes minutes."""

from __future__ import annotations

from pathlib import Path

from data.errors import InputError, Problem

_REPORTS = ("junit", "testreport", "json")


def report_files(reports: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return kind and path of each report.

    Raises:
        InputError: an unknown kind, or no path; all at once.
    """
    found, problems = [], []
    for said in reports:
        kind, _, path = said.partition("=")
        if kind not in _REPORTS or not path:
            problems.append(Problem(f"«{said}» is no report", "--report",
                                    remedy="write junit=PATH, testreport=PATH or json=PATH")
                            )  # fmt: skip
        found.append((kind, path))
    if problems:
        raise InputError(problems)
    return found


def countries(said: str) -> list[str]:
    """Return the countries that ask, each once.

    Args:
        said: codes with commas between.

    Raises:
        InputError: none, or one that is no country of the exchange.
    """
    from ncp.countries import country

    problems: list[Problem] = []
    found = []
    for code in filter(None, map(str.strip, said.split(","))):
        try:
            found.append(country(code, "--as-country").code)
        except InputError as error:
            problems += error.problems
    if problems or not found:
        raise InputError(problems or [Problem("no country asks", "--as-country",
                                              remedy="name one: SE, or SE,DK")])  # fmt: skip
    return list(dict.fromkeys(found))


def check_options(url: str, specs: tuple[str, ...], far: dict[str, object]) -> None:
    """Refuse what would be given in vain.

    Args:
        url: of the contact point; empty for our own.
        specs: faults of our own.
        far: what is for a contact point at an address, by option.

    Raises:
        InputError: all that would be, at once.
    """
    problems = [
        Problem(f"{option} is for a contact point at an address", option,
                remedy="name it with --target, or leave the option out: without --target our own "
                "is tested, which has all it needs")
        for option, said in far.items() if said and not url
    ]  # fmt: skip
    if url and specs:
        problems.append(Problem("--fault is for our own contact point", "--fault",
                                remedy="leave out --target, or serve with --fault"))  # fmt: skip
    if problems:
        raise InputError(problems)


def check_places(wanted: list[tuple[str, str]], out: Path | None) -> None:
    """Refuse places where nothing can be written.

    Raises:
        InputError: all of them at once.
    """
    from data.files import check_folder

    problems: list[Problem] = []
    places = [(f"--report {kind}={path}", Path(path)) for kind, path in wanted if path != "-"]
    for said, file in places:
        if file.is_dir():
            problems.append(Problem("this is a folder, a file was to be written", said,
                                    remedy="name a file in it"))  # fmt: skip
            continue
        try:
            check_folder(file.parent)
        except InputError as error:
            problems += (Problem(p.what, said, remedy="choose another place for the report")
                         for p in error.problems)  # fmt: skip
    if out:
        try:
            check_folder(out)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
