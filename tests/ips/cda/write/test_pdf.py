"""The PDF of a level 1 document: PDF/A-3b by veraPDF's verdict, whole, and the same every time."""

from __future__ import annotations

import base64
import datetime as dt
import re
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ips.cda.write import pdf, sheet, to_cda
from ips.cda.write.sheet import Block, Section, Sheet
from ips.prescription import build
from ips.prescription.samples import samples
from tests.ips.conformance.documents import absent
from tools.verapdf import prepare as verapdf

NS: Any = {"v": "urn:hl7-org:v3"}
PRESCRIPTIONS = [s for s in samples().values() if s.kind in ("M1", "M9.6") and s.id != "goods"]
HOSTILE = {
    "empty": (),
    "long-cell": (Block("table", (("A", "B"), ("x" * 600, "y " * 299))),),
    "longer-cell": (Block("table", (("A", "B"), ("x" * 20_000, "y " * 5_000))),),
    "many-columns": (Block("table", (tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),) * 20),),
    "ragged": (Block("rows", (("a",), ("b", "c"))), Block("table", ()), Block("rows", ((),)),
               Block("table", (("only",),)), Block("list", (("one",), ("",)))),
    "signs": (Block("paragraph", (("漢字 Ξένος Йван 😀 שלום a\x00b\u202ec{nb}**d**\\(",),)),),
    "many-rows": (Block("table", (("A", "B"), *((("word " * 9, "other " * 9),) * 300))),),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def library() -> None:
    try:
        import fpdf  # noqa: F401
    except ImportError:
        absent("fpdf2 is not installed")


def made(*blocks: Block, facts: tuple[tuple[str, str], ...] = ()) -> Sheet:
    sections = (Section("Heading", blocks), Section("", ()))
    when = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    return Sheet("nb-NO", "Title & <more>", facts, sections, "Side", "note", when)


def flat(bundle: dict[str, Any]) -> bytes:
    """Return the PDF of the level 1 document of a bundle."""
    written = etree.fromstring(to_cda(bundle, form="pivot", level=1).xml)
    return base64.b64decode(written.findtext("v:component/v:nonXMLBody/v:text", "", NS))


def test_the_validator_of_pdf_a_finds_nothing(bundle, tmp_path: Path) -> None:
    if not verapdf.is_prepared():
        absent("veraPDF is not prepared (tools/verapdf/prepare.py)")
    for name in ("everything", "nothing-recorded", "foreign-worker"):
        (tmp_path / f"{name}.pdf").write_bytes(flat(bundle(name, "eps")))
    for sample in PRESCRIPTIONS:
        raw = flat(build(sample.path.read_bytes()).bundle)
        (tmp_path / f"{sample.id}.pdf").write_bytes(raw)
    for name, blocks in HOSTILE.items():
        (tmp_path / f"hostile-{name}.pdf").write_bytes(sheet.draw(made(*blocks)))
    files = sorted(tmp_path.glob("*.pdf"))
    assert verapdf.judge(files) == {file.name: True for file in files}


@pytest.mark.oracle
@pytest.mark.parametrize("sample", PRESCRIPTIONS, ids=lambda s: s.id)
@pytest.mark.parametrize("form", ["pivot", "friendly"])
def test_the_schema_accepts_a_prescription_of_level_1(sample, form: str, schema) -> None:
    bundle = build(sample.path.read_bytes()).bundle
    schema.assertValid(etree.fromstring(to_cda(bundle, form=form, level=1).xml))


def test_the_same_document_gives_the_same_bytes(bundle) -> None:
    given = bundle("penicillin-anaphylaxis")
    assert flat(given) == flat(given)


def test_the_file_says_what_it_is(bundle) -> None:
    raw = flat(bundle("everything"))
    assert raw.startswith(b"%PDF-1.7")
    assert b'pdfaid:part="3" pdfaid:conformance="B"' in raw
    assert b"/Lang (nb-NO)" in raw
    assert b'<rdf:li xml:lang="x-default">Pasientoppsummering</rdf:li>' in raw
    assert b"/JavaScript" not in raw
    assert b"/URI" not in raw


def test_every_word_of_the_narrative_is_on_the_sheet(name, document) -> None:
    given = document(name, "eps", "friendly")
    read = pdf.read(given, "nb")
    there = {word for section in read.sections for block in section.blocks
             for row in block.rows for text in row for word in text.split()}  # fmt: skip
    for text in given.iterfind(".//v:section/v:text", NS):
        for part in text.iterfind(".//*", NS):
            if part.tag.rpartition("}")[2] in ("td", "th", "paragraph", "item"):
                assert {*"".join(map(str, part.itertext())).split()} <= there
    facts = dict(read.facts)
    assert facts["Pasient"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", facts["Født"])


def test_a_reader_of_pdf_finds_every_word(tmp_path: Path) -> None:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext is not installed")
    words = [f"ord{i}æøå" for i in range(400)]
    table = Block("table", (("Æ", "B"), *zip(words[::2], words[1::2], strict=True)))
    (tmp_path / "a.pdf").write_bytes(sheet.draw(made(table, facts=(("Navn", "Åse Ŋ Šćž"),))))
    done = subprocess.run([reader, str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True)
    found = done.stdout.decode().split()
    assert set(words) | {"Åse", "Ŋ", "Šćž", "Heading"} <= set(found)


@pytest.mark.parametrize("case", HOSTILE)
def test_no_content_breaks_the_pages(case: str) -> None:
    assert sheet.draw(made(*HOSTILE[case])).rstrip().endswith(b"%%EOF")


def test_a_sign_that_the_fonts_lack_is_marked_and_explained() -> None:
    plain = made(Block("paragraph", (("漢",),)))
    known = made(Block("paragraph", (("Ж",),)))
    assert _pages(plain) != _pages(known)
    assert len(_pages(plain)) > len(_pages(known))


def _pages(given: Sheet) -> bytes:
    """Return the drawing instructions of all pages."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", sheet.draw(given), re.DOTALL)
    texts = []
    for one in streams:
        try:
            texts.append(zlib.decompress(one))
        except zlib.error:
            continue
    return b"".join(text for text in texts if b" Tj" in text or b"TJ" in text)
