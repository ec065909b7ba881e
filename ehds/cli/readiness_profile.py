"""``ehds readiness --profile``: what is shown of an EHR system, a contact point or a region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from data.errors import InputError, Problem, did_you_mean

if TYPE_CHECKING:
    from data.files import Outbox
    from gap.analysis import Analysis
    from gap.certification import Facts
    from gap.evidence import Weighed
    from reports.certification import File

F = TypeVar("F", bound=Callable[..., Any])
Chosen = tuple[str | None, str | None, str | None, Path | None]
PROFILES = ("ehr-system", "ncp", "region")
_OF_SYSTEMS = ("ehr-system", "ncp")
_CONTACT_POINT = "ncp-b"
"""The contact point of Norway that is built first."""


def profile_options(command: F) -> F:
    """Add ``--profile``, ``--system``, ``--region`` and ``--facts``."""
    for option in (
        click.option("--facts", "facts_file", metavar="FILE",
                     type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="With --profile: what the maker or operator states, as key and value; "
                     "the form is written beside the results."),
        click.option("--region", "profile_region", metavar="REGION",
                     help="With --profile region: nord, midt, vest, sor-ost, municipal or "
                     "national."),
        click.option("--system", "profile_system", metavar="ID",
                     help="With --profile ehr-system or ncp: the system, as ehds systems list "
                     "names it; ncp-b by default for ncp."),
        click.option("--profile", type=click.Choice(PROFILES),
                     help="Also write what is shown, by what, and what nobody has shown: of an EHR "
                     "system (Annexes II to IV), a contact point, or a region."),
    ):  # fmt: skip
        command = option(command)
    return command


def chosen(asked: Mapping[str, Any]) -> Chosen:
    """Return profile, system, region and facts from the options, checked before anything runs.

    Raises:
        InputError: as ``check``.
    """
    found = (asked["profile"], asked["profile_system"], asked["profile_region"],
             asked["facts_file"])  # fmt: skip
    check(*found)
    return found


def add_profile(
    out: Outbox,
    analysis: Analysis,
    profile: str | None,
    system: str | None,
    region: str | None,
    facts_file: Path | None,
    lang: str,
    evidence: Weighed | None = None,
) -> list[tuple[Path, str]]:
    """Add the files of a profile to what a run writes.

    Args:
        out: gets the files.
        analysis: scored without evidence, or with it; that of the evidence is used where given.
        profile: one of ``PROFILES``; None adds nothing.
        system: id of a system.
        region: code of a region.
        facts_file: what the maker or operator states.
        lang: ``nb`` or ``en``.
        evidence: what the evidence did, None without evidence.

    Returns:
        The paths with the key of the text that says what each is.

    Raises:
        InputError: an option is missing, does not belong to the profile, or names nothing.
    """
    made = files(analysis, profile, system, region, facts_file, lang, evidence)
    return [(out.add(file.name, file.content), file.what) for file in made]


def files(
    analysis: Analysis,
    profile: str | None,
    system: str | None,
    region: str | None,
    facts_file: Path | None,
    lang: str,
    evidence: Weighed | None = None,
) -> tuple[File, ...]:
    """Return the files of a profile; none without one. Arguments and errors as ``add_profile``."""
    if profile is None:
        return ()
    check(profile, system, region, facts_file)
    chosen = evidence.analysis if evidence else analysis
    return _files(chosen, profile, system, region, lang, evidence, facts_file)


def _files(
    analysis: Analysis,
    profile: str,
    system: str | None,
    region: str | None,
    lang: str,
    evidence: Weighed | None,
    facts_file: Path | None,
) -> tuple[File, ...]:
    from gap import certification as judged
    from reports import certification as shown
    from reports.texts import Texts

    t = Texts(lang)
    if profile == "region":
        assert region is not None
        return shown.region_files(judged.region(analysis, region), analysis, t)
    one = analysis.judgement.systems[system or _CONTACT_POINT]
    facts = _facts(profile, facts_file)
    if profile == "ncp":
        found = judged.ncp(analysis, one, facts, evidence)
        return shown.ncp_files(found, analysis, facts, t)
    ready = judged.ehr_system(analysis, one, facts, evidence)
    return shown.ehr_system_files(ready, analysis, facts, t)


def _facts(profile: str, file: Path | None) -> Facts:
    from gap.certification.facts import ehr_keys, ncp_keys, read

    return read(file, ncp_keys() if profile == "ncp" else ehr_keys()) if file else {}


def check(
    profile: str | None, system: str | None, region: str | None, facts_file: Path | None
) -> None:
    """Check the options before anything runs.

    Raises:
        InputError: with every option that is missing, means nothing with the profile, or names
            nothing; or with everything that is wrong in the facts.
    """
    wrong = [*_missing(profile, system, region),
             *_foreign(profile, system, region, facts_file)]  # fmt: skip
    if system and profile in _OF_SYSTEMS:
        from data.loaders.systems import systems

        if system not in systems():
            wrong.append(Problem(f"there is no system «{system}»", "--system",
                                 remedy=did_you_mean(system, systems(), "ehds systems list"))
                         )  # fmt: skip
    if wrong:
        raise InputError(wrong)
    if profile and facts_file:
        _facts(profile, facts_file)


def _missing(profile: str | None, system: str | None, region: str | None) -> list[Problem]:
    if profile == "ehr-system" and not system:
        return [Problem("no system is given", "--system",
                        rule="--profile ehr-system is about one system",
                        remedy="name one of: ehds systems list")]  # fmt: skip
    if profile == "region" and not region:
        return [Problem("no region is given", "--region",
                        rule="--profile region is about one region",
                        remedy="for example --region nord")]  # fmt: skip
    return []


def _foreign(
    profile: str | None, system: str | None, region: str | None, facts_file: Path | None
) -> list[Problem]:
    belongs = {"--system": (system, _OF_SYSTEMS), "--region": (region, ("region",)),
               "--facts": (facts_file, _OF_SYSTEMS)}  # fmt: skip
    return [
        Problem(f"{option} means nothing here", option,
                rule=f"it belongs to --profile {' or '.join(profiles)}",
                remedy="leave it out, or choose that profile")
        for option, (value, profiles) in belongs.items()
        if value is not None and profile not in profiles
    ]  # fmt: skip
