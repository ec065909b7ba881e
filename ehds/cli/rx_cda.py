"""What ``ehds rx build --to cda`` writes: one MyHealth@EU document for each prescription."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ehds.cli.output import give, say_line

if TYPE_CHECKING:
    from ips.loss import LossReport


def give_cda(
    bundle: dict[str, Any],
    loss: LossReport,
    form: Literal["pivot", "friendly"],
    level: Literal["1", "3"],
    lang: str,
    output: str | None,
) -> None:
    """Write the documents: one to a file or standard output, several to a folder.

    Args:
        bundle: prescriptions or dispensations (MPD 1.0.0).
        loss: gets what the writing of CDA loses.
        form: ``pivot`` or ``friendly``.
        level: ``1`` or ``3``.
        lang: language of the friendly form and of the PDF.
        output: file or folder; None and ``-`` are standard output.

    Raises:
        InputError: several prescriptions and no folder for them.
    """
    from data.errors import InputError, Problem
    from data.files import check_folder, write_all
    from ips.cda.apart import apart
    from ips.cda.write import to_cda

    parts = apart(bundle)
    folder = Path(output) if output and (output.endswith("/") or Path(output).is_dir()) else None
    if len(parts) > 1 and folder is None:
        raise InputError(
            Problem(f"the message holds {len(parts)} prescriptions", output or "standard output",
                    rule="MyHealth@EU has a document for each prescription",
                    remedy="name a folder with -o, with a slash at its end: -o prescriptions/")
        )  # fmt: skip
    made = {}
    for name, one in parts:
        written = to_cda(one, form=form, level=1 if level == "1" else 3, lang=lang)
        made[f"{name}.xml"] = written.xml
        loss.extend(written.loss)
    if folder is None:
        for xml in made.values():
            give(xml.decode(), output)
        return
    check_folder(folder)
    write_all({folder / name: xml for name, xml in made.items()})
    say_line(f"Wrote {len(made)} documents to {folder}")
