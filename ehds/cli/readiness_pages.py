"""The pages of ``ehds readiness``: linked with each other, sealed, PDF where wanted, none stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ehds.cli.output import say

if TYPE_CHECKING:
    from data.files import Outbox
    from gap.analysis import Analysis
    from reports.certification import File
    from reports.texts import Texts

PDF = ".pdf"


@dataclass(frozen=True, slots=True)
class Added:
    """What was added.

    Attributes:
        shown: files that a reader starts from, with the key of what they are.
        stale: pages of ours that an earlier run left, and that are to go.
        old: PDF files of an earlier run, which this one does not write again.
    """

    shown: list[tuple[Path, str]]
    stale: tuple[Path, ...]
    old: tuple[Path, ...]


def add(
    outbox: Outbox, analysis: Analysis, t: Texts, whole: str, profile: Sequence[File], as_pdf: bool
) -> Added:
    """Add all pages and the files of a profile to what a run writes.

    Args:
        outbox: gets the files.
        analysis: what they show.
        t: the texts.
        whole: the analysis as JSON, by which pages of it are known again.
        profile: files of a profile, as ``reports.certification`` makes them.
        as_pdf: pages for readers as PDF too.

    Raises:
        EnvironmentProblem: PDF cannot be written here.
    """
    from reports import page, summary
    from reports.page.names import NATIONAL, SUMMARY
    from reports.page.seal import beside, digest, seal

    of = digest(f"{t.lang}\n{whole}")
    own = {file.name: file.title for file in profile if file.title}
    left = beside(outbox.folder, own, of)
    links = dict(sorted({**left.profiles, **own}.items()))
    pages = {**page.pages(analysis, t, links), SUMMARY: summary.render(analysis, t)}
    shown = [(outbox.add(f.name, seal(str(f.content), of) if f.title else f.content), f.what)
             for f in profile]  # fmt: skip
    first = {NATIONAL: "wrote.page", SUMMARY: "wrote.summary"}
    for name, html in pages.items():
        path = outbox.add(name, seal(html, of))
        if name in first:
            shown.append((path, first[name]))
    readable = {**pages, **{f.name: str(f.content) for f in profile if f.title}}
    papers = {name: html for name, html in readable.items() if on_paper(name)}
    if as_pdf:
        shown += [(path, "wrote.pdf") for name, path in _papers(outbox, papers, t)
                  if name in (*first, *own)]  # fmt: skip
    old = () if as_pdf else tuple(path for n in papers if (path := _pdf(outbox.folder, n)).exists())
    stale = tuple(path for path in left.stale if path.name not in pages)
    return Added(shown, stale, old)


def on_paper(name: str) -> bool:
    """Whether a page is written as PDF: all but those of single systems."""
    return not name.startswith("system-")


def _papers(outbox: Outbox, papers: dict[str, str], t: Texts) -> Iterator[tuple[str, Path]]:
    from reports import pdf

    for number, (name, html) in enumerate(papers.items(), 1):
        say(t("readiness.pdf", number=number, total=len(papers), name=name))
        yield name, outbox.add(_pdf(Path(), name).name, pdf.render(html))


def _pdf(folder: Path, page: str) -> Path:
    return (folder / page).with_suffix(PDF)


def clear(stale: Iterable[Path], t: Texts) -> None:
    """Take away pages of an earlier run that this one did not write, and say so."""
    gone, kept = [], []
    for path in stale:
        try:
            path.unlink()
            gone.append(path.name)
        except OSError:
            kept.append(path.name)
    if gone:
        say(t("readiness.stale", names=", ".join(gone)))
    if kept:
        say(t("readiness.stale.kept", names=", ".join(kept)))


def warn(old: Sequence[Path], t: Texts) -> None:
    """Say which PDF files are of an earlier run."""
    if old:
        say(t("readiness.pdf.old", names=", ".join(path.name for path in old)))
