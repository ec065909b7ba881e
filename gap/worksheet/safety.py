"""Is this file a plain workbook, and safe to open? Judged from its bytes, before it is parsed."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from xml.parsers import expat

from data.errors import InputError, Problem

MAX_BYTES = 10 * 1024 * 1024
"""A workbook with every row of the catalogue for every system is a third of this."""
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 50
"""Unpacked bytes for one packed byte, in parts above ``_SMALL``; ours are below 25."""
MAX_PARTS = 2000
MAX_MERGED = 100_000
"""Cells in merged and linked ranges: a reader makes an object of each of them."""
_SMALL = 1024 * 1024
_RANGES = ("mergeCell", "hyperlink")
_RANGE = re.compile(r"([A-Z]{0,3})(\d{0,7}):([A-Z]{0,3})(\d{0,7})")
_ROWS, _COLUMNS = 1_048_576, 16_384
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_SAVE_AS = "open it and save it as «Excel Workbook (.xlsx)»"


def check(raw: bytes, name: str) -> None:
    """Raise an error for anything that is not a plain xlsx workbook of a sensible size.

    Args:
        raw: the bytes of the file.
        name: the name of the file, for the error.

    Raises:
        InputError: xls, ods, protected by a password, with macros, external links or entities,
            broken, or far larger unpacked than packed.
    """
    problem = _container(raw, name) or _package(raw, name)
    if problem:
        raise InputError(problem)


def _container(raw: bytes, name: str) -> Problem | None:
    """Judge the first bytes: only a zip can be a workbook of today."""
    if not raw:
        return Problem("the file is empty", name, remedy="ask for it again")
    if len(raw) > MAX_BYTES:
        return Problem(f"larger than {MAX_BYTES // 2**20} MiB", name,
                       remedy="check that this is the file you meant")  # fmt: skip
    if raw.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            return Problem("the workbook is protected by a password or by rights management", name,
                           rule="an encrypted file cannot be read",
                           remedy="save a copy without password")  # fmt: skip
        return Problem("this is an old Excel file (.xls)", name, rule="xlsx is read",
                       remedy=_SAVE_AS)  # fmt: skip
    if not raw.startswith(b"PK"):
        return Problem("this is no workbook", name, rule="xlsx, or CSV with the ending .csv",
                       remedy="give the workbook that «ehds gap workbook» wrote")  # fmt: skip
    return None


def _package(raw: bytes, name: str) -> Problem | None:
    """Judge the parts in the zip without unpacking more than is allowed."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            infos = archive.infolist()
            return (
                _sizes(infos, name) or _kind(archive, infos, name) or _markup(archive, infos, name)
            )
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError,
            ValueError):  # fmt: skip
        return Problem("the file is damaged, or only a part of it", name,
                       remedy="open it, save it again, or ask for it again")  # fmt: skip


def _sizes(infos: list[zipfile.ZipInfo], name: str) -> Problem | None:
    unpacked = sum(i.file_size for i in infos)
    swollen = any(i.file_size > _SMALL and i.file_size > MAX_RATIO * max(1, i.compress_size)
                  for i in infos)  # fmt: skip
    if unpacked > MAX_UNPACKED or swollen or len(infos) > MAX_PARTS:
        return Problem(
            f"unpacked the file has {unpacked // 2**20} MiB in {len(infos)} parts", name,
            rule=f"at most {MAX_UNPACKED // 2**20} MiB and {MAX_RATIO} times the packed size",
            remedy="copy the filled-in cells into a fresh export",
        )  # fmt: skip
    return None


def _kind(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], name: str) -> Problem | None:
    names = {i.filename for i in infos}
    if "mimetype" in names and b"opendocument" in archive.read("mimetype")[:200]:
        return Problem("this is an OpenDocument file (.ods)", name, rule="xlsx is read",
                       remedy=_SAVE_AS)  # fmt: skip
    if "xl/workbook.bin" in names:
        return Problem("this is a binary workbook (.xlsb)", name, rule="xlsx is read",
                       remedy=_SAVE_AS)  # fmt: skip
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        return Problem("a zip file, but no workbook", name, rule="xlsx is read",
                       remedy="give the workbook that «ehds gap workbook» wrote")  # fmt: skip
    types = archive.read("[Content_Types].xml")
    if b"macroEnabled" in types or any(n.lower().endswith("vbaproject.bin") for n in names):
        return Problem("the workbook holds macros", name, rule="workbooks with macros are not read",
                       remedy=_SAVE_AS)  # fmt: skip
    if any(n.startswith("xl/externalLinks/") for n in names):
        return Problem("the workbook is linked to other files", name,
                       rule="links to other files are not read",
                       remedy="break the links (Data, Edit links), paste values, save")  # fmt: skip
    return None


def _markup(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], name: str) -> Problem | None:
    """Refuse what makes a parser run away: declared entities, and merges of whole sheets.

    A workbook has no document type declarations, and entities come only by them.
    """
    merged = 0
    for info in infos:
        if info.filename.endswith((".xml", ".rels")):
            content = archive.read(info)
            if b"<!DOCTYPE" in content.replace(b"\0", b""):  # UTF-16 is read as well
                return Problem("the workbook declares XML entities", f"{name}: {info.filename}",
                               rule="entities are not read", remedy=_SAVE_AS)  # fmt: skip
            merged += _spanned(content)
    if merged > MAX_MERGED:
        return Problem(f"{merged} cells are merged or linked", name, rule=f"at most {MAX_MERGED}",
                       remedy="take merged cells and links over many cells apart")  # fmt: skip
    return None


def _spanned(content: bytes) -> int:
    """Return how many cells the merges and links of a part span, however they are written."""
    plain = content.replace(b"\0", b"")
    if not any(name.encode() in plain for name in _RANGES):
        return 0
    found = 0

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal found
        if name.rpartition(":")[2] in _RANGES:
            found += _area(attributes.get("ref", ""))

    parser = expat.ParserCreate()
    parser.StartElementHandler = started
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        return found  # the reader of workbooks stops at the same place, and tells
    return found


def _area(ref: str) -> int:
    """Return how many cells a range has; whole rows and columns have all of theirs."""
    match = _RANGE.fullmatch(ref.replace("$", "").strip().upper())
    if not match:
        return 1
    left, top, right, bottom = match.groups()
    wide = _column(right) - _column(left) + 1 if left and right else _COLUMNS
    high = int(bottom) - int(top) + 1 if top and bottom else _ROWS
    return max(1, wide) * max(1, high)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
