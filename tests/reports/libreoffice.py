"""LibreOffice as a judge of the workbook: it computes every formula itself."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook

from tests.reports.formulas import opened

_STORED = re.compile(rb"(<c [^>]*>)(<f>.*?</f>)<v>.*?</v>")


def recalculated(content: bytes, folder: Path) -> Workbook:
    """Return the workbook as LibreOffice computes it; a skip where it is not installed."""
    office = shutil.which("soffice")
    if not office:
        pytest.skip("LibreOffice is not installed")
    source = folder / "without-values.xlsx"
    source.write_bytes(without_values(content))
    subprocess.run(
        [office, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
         "--convert-to", "xlsx", "--outdir", str(folder / "out"), str(source)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return opened((folder / "out" / source.name).read_bytes())


def without_values(content: bytes) -> bytes:
    """Return a workbook whose formulas have no stored values."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = _STORED.sub(rb"\1\2", part.replace(b' t="str"><f>', b"><f>"))
            new.writestr(name, part, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
