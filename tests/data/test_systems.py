"""The systems: all that the sources describe, each with its source; broken copies are told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from data.errors import InputError
from data.loaders.dates import end_of
from data.loaders.sources import sources, split
from data.loaders.systems import System, load, systems
from tests.builders import edit, make_systems, place, read_rows, write_csv

NAMED = {
    # The list of what the sources describe; each name is one system or more.
    "kjernejournal": "Kjernejournal", "kj-kritisk-info": "kritiske informasjon",
    "e-resept": "E-resept", "reseptformidleren": "Reseptformidleren", "fm": "FM", "sfm": "SFM",
    "pll": "Pasientens legemiddelliste", "e-multidose": "multidose",
    "provesvar": "Pasientens prøvesvar", "journaldokumenter": "Pasientens journaldokumenter",
    "maledata": "Pasientens måledata", "dhg": "Digitalt helsekort for gravide",
    "helsenorge": "Helsenorge", "helsami": "HelsaMi", "dips-nord": "DIPS Arena",
    "dips-vest": "DIPS Arena", "dips-sorost": "DIPS Arena", "helseplattformen": "Helseplattformen",
    "meona": "MEONA", "kurve-nord": "Kurve", "kurve-sorost": "Kurve",
    "kommunal-epj": "Kommunale journalsystemer", "felles-journalloft": "Felles journalløft",
    "fastlege-epj": "Fastlege", "vkp": "VKP", "dho": "hjemmeoppfølging", "dbep": "DBEP",
    "rekvisisjonshotell": "Rekvisisjonshotell", "kommunale-tjenester": "Kommunale tjenester",
    "prehospital-epj": "ambulansejournal", "tillitsrammeverket": "Tillitsrammeverket",
    "helseid": "HelseID", "grunndata": "Grunndata", "smart-on-fhir": "SMART on FHIR",
    "helse-nim": "Helse-NIM", "snomed-ct": "SNOMED CT og Felles språk", "icd-11": "ICD-11",
    "normering": "Normering og Referansekatalogen", "reguleringsplanen": "Reguleringsplan",
    "helsedataservice": "Helsedataservice", "kvalitetsregistre": "kvalitetsregistre",
    "helsedata-metadata": "helsedata.no", "ki-plattformer": "KI-plattformer", "ncp-b": "NCP-B",
    "ncp-a": "NCP-A", "ehds-arbeidet": "EHDS-arbeidet", "portefolje-nord": "Helse Nord",
    "portefolje-midt": "Helse Midt", "portefolje-vest": "Helse Vest",
    "portefolje-sorost": "Helse Sør-Øst",
}  # fmt: skip


@pytest.mark.parametrize(("ident", "name"), NAMED.items())
def test_a_system_that_the_sources_describe_is_there(ident, name):
    assert name in systems()[ident].name_nb


def test_every_region_has_its_record_system_and_its_portfolio():
    for region in ("nord", "midt", "vest", "sor-ost"):
        here = [s for s in systems().values() if s.region == region]
        assert any(s.kind == "portfolio" for s in here), region
        assert any(s.kind == "product" and s.ehr_system == "yes" for s in here), region


def test_every_source_is_in_the_register_and_has_a_place_in_it():
    for s in systems().values():
        assert split(s.source), s.id
        assert set(split(s.source)) <= set(sources()), s.id
        assert s.section, s.id
        for status in s.history:
            assert set(split(status.source)) <= set(sources()), s.id
            assert status.section, f"{s.id} {status.date}"


def test_the_history_of_a_system_is_told_in_order_of_time():
    for s in systems().values():
        days = [end_of(status.date) for status in s.history]
        assert days == sorted(days), s.id


def test_every_system_has_a_name_and_description_in_both_languages():
    for s in systems().values():
        for lang in ("nb", "en"):
            assert s.name(lang), s.id
            assert s.description(lang), s.id
            assert s.reasoning(lang), s.id
        assert s.description_nb != s.description_en, s.id


def test_a_system_handles_data_or_can_be_no_ehr_system():
    """Art 2(2)(k): an EHR system stores, intermediates, ... data of a priority category."""
    for s in systems().values():
        if s.ehr_system == "yes":
            assert s.verbs, s.id
            assert s.categories, s.id


def test_inferred_names_fields_of_the_system():
    for s in systems().values():
        assert set(s.inferred) <= set(System.__dataclass_fields__), s.id


def test_a_system_does_not_depend_on_itself():
    assert [s.id for s in systems().values() if s.id in s.depends_on] == []


# ---- broken copies


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_systems(tmp_path)


def problems(folder: Path) -> list[tuple[str, str]]:
    """Return (where, what) of everything that the loader tells."""
    with pytest.raises(InputError) as caught:
        load(folder)
    return [(p.where, p.what) for p in caught.value.problems]


def test_an_untouched_copy_loads_as_the_same_systems(folder):
    assert load(folder) == systems()


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("name_nb", "", "name_nb is empty"),
        ("name_en", "", "name_en is empty"),
        ("description_en", "", "description_en is empty"),
        ("owner", "", "owner is empty"),
        ("kind", "gadget", "kind: «gadget»"),
        ("region", "mars", "region: «mars»"),
        ("verbs", "store hoard", "verbs: «hoard»"),
        ("categories", "a z", "categories: «z»"),
        ("serves", "aliens", "serves: «aliens»"),
        ("deployment", "somehow", "deployment: «somehow»"),
        ("ehr_system", "perhaps", "ehr_system: «perhaps»"),
        ("actors", "KING", "actors: «KING»"),
        ("scopes", "XYZ", "scopes: «XYZ»"),
        ("depends_on", "nothing-such", "there is no system «nothing-such»"),
        ("source", "", "source is empty"),
        ("source", "seed-veikart ; rumour", "there is no source «rumour»"),
        ("section", "", "section is empty"),
        ("reasoning_en", "", "reasoning"),
        ("inferred", "verbs colour", "inferred names no column: colour"),
    ],
)
def test_a_broken_cell_is_named_with_file_and_line(folder, column, value, text):
    where = edit(folder, "kjernejournal", column, value)
    assert any(w == where and text in what for w, what in problems(folder))


def test_a_doubled_system_is_named(folder):
    where = edit(folder, "helsami", "id", "fm")
    second = re.sub(r":\d+$", ":", where)
    told = [(w, what) for w, what in problems(folder) if "stands twice" in what]
    assert len(told) == 1
    assert told[0][0].startswith(second)


def test_an_empty_id_is_named(folder):
    where = edit(folder, "helsami", "id", "")
    assert any(w == where and "id" in what for w, what in problems(folder))


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("system", "nothing-such", "there is no system «nothing-such»"),
        ("date", "spring 2024", "date: «spring 2024»"),
        ("date", "2024-13", "date: "),
        ("date", "2024-02-30", "date: "),
        ("status", "splendid", "status: «splendid»"),
        ("what_nb", "", "what_nb is empty"),
        ("what_en", "", "what_en is empty"),
        ("source", "rumour", "there is no source «rumour»"),
        ("section", "", "section is empty"),
    ],
)
def test_a_broken_status_is_named_with_file_and_line(folder, column, value, text):
    file = folder / "status.csv"
    rows = read_rows(file)
    rows[0][column] = value
    write_csv(file, list(rows[0]), rows)
    where = place(file, rows[0]["system"], by="system")
    assert any(w == where and text in what for w, what in problems(folder)), problems(folder)


def test_everything_is_told_at_once(folder):
    places = {
        edit(folder, "kjernejournal", "kind", "gadget"),
        edit(folder, "fm", "region", "mars"),
        edit(folder, "ncp-a", "source", ""),
    }
    assert places <= {w for w, _ in problems(folder)}


def test_an_error_of_a_system_does_not_hide_the_errors_of_its_history(folder):
    edit(folder, "kjernejournal", "kind", "gadget")
    file = folder / "status.csv"
    rows = read_rows(file)
    rows[0]["status"] = "splendid"
    write_csv(file, list(rows[0]), rows)
    told = " ".join(what for _, what in problems(folder))
    assert "gadget" in told
    assert "splendid" in told


def test_a_missing_table_is_told(folder):
    (folder / "status.csv").unlink()
    assert [what for _, what in problems(folder)] == ["there is no such file"]
    shutil.rmtree(folder)
    assert [what for _, what in problems(folder)] == ["there is no such file"]
