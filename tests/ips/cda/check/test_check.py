"""Each rule of the document checks finds what it is made for, and nothing in a sound document."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import InputError
from data.loaders.catalogue import catalogue
from data.results import Outcome, Report, Severity
from ips import record, summary
from ips.cda.check import check_cda, check_pair
from ips.cda.write import to_cda
from ips.prescription import build
from ips.prescription.samples import samples as messages
from tests.ips.cda import samples
from tests.ips.cda.samples import EHDSI, changed, document, level_one


def broken(report: Report, severity: Severity = Severity.ERROR) -> set[str]:
    return {
        r.id for r in report.results if r.outcome is Outcome.FAIL and r.severity is severity
    }  # fmt: skip


def test_a_sound_document_breaks_no_rule() -> None:
    report = check_cda(document().encode())
    assert broken(report) == set()
    assert broken(report, Severity.WARNING) == set()


def test_what_holds_and_what_was_not_judged_is_told() -> None:
    found = {r.id: r.outcome for r in check_cda(document().encode()).results}
    assert found["cda-xsd"] is Outcome.SKIP
    assert found["cda-s"] is Outcome.PASS
    assert found["cda-h"] is Outcome.PASS


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("cda-h-id", '<id root="2.999.9" extension="summary-1"/>', ""),
        ("cda-h-id", 'extension="summary-1"', 'extension="summary-1" nullFlavor="NI"'),
        ("cda-h-title", "<title>Patient Summary</title>", ""),
        ("cda-h-patient-birth", '<birthTime value="19620113"/>', ""),
        ("cda-h-patient-family", "<family>Testpasient</family>", ""),
        ("cda-h-author-id", '<id root="2.999.10" extension="1"/>', ""),
        ("cda-h-event", 'classCode="PCPR"', 'classCode="ACT"'),
        ("cda-h-related", 'typeCode="XFRM"', 'typeCode="RPLC"'),
        ("cda-h-time-zone", 'value="20261122104900+0100"', 'value="20261122104900"'),
        ("cda-h-pair-id", 'extension="pdf-1"', 'extension="summary-1"'),
        ("cda-h-schemalocation", "<ClinicalDocument ",
         '<ClinicalDocument xsi:schemaLocation="urn:hl7-org:v3 CDA.xsd" '),
        ("cda-s-template", f'root="{EHDSI}.2.12"', 'root="2.999.77"'),
        ("cda-s-mandatory", 'code="46264-8"', 'code="47420-5"'),
        ("cda-s-text", '<paragraph ID="problems">Problems: -</paragraph>', ""),
        ("cda-e-none", samples.PROBLEM, ""),
        ("cda-a-code", 'code="no-known-devices"', 'code="no-known-allergies"'),
        ("cda-a-code", 'code="no-known-devices"', 'code="no-such-code"'),
        ("cda-a-alone", samples.NO_DEVICES, samples.NO_DEVICES * 2),
        ("cda-t-double", '<paragraph ID="problems">Problems: -</paragraph>',
         '<paragraph ID="problems">x</paragraph><paragraph ID="problems">y</paragraph>'),
        ("cda-d-kind", 'code="60591-5"', 'code="11502-2"'),
    ],
)  # fmt: skip
def test_a_broken_rule_is_an_error(rule: str, old: str, new: str) -> None:
    assert rule in broken(check_cda(changed(old, new)))


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("cda-s-template", f'root="{EHDSI}.2.12"', 'root="2.16.840.1.113883.10.20.1.2"'),
        ("cda-e-template", f'root="{EHDSI}.3.16"', 'root="1.3.6.1.4.1.19376.1.5.3.1.4.5.3"'),
        ("cda-t-target", '"#allergies"', '"#nowhere"'),
        ("cda-c-value-set", 'code="J45"', 'code="J45.99X"'),
        ("cda-s-known", 'code="46264-8"', 'code="99999-9"'),
    ],
)
def test_a_doubt_is_a_warning(rule: str, old: str, new: str) -> None:
    assert rule in broken(check_cda(changed(old, new)), Severity.WARNING)


def test_each_finding_has_place_source_and_obligations() -> None:
    found = [r for r in check_cda(changed(samples.PROBLEM, "")).results if r.id == "cda-e-none"]
    assert found[0].location.startswith("/ClinicalDocument/component/structuredBody/component[4]")
    assert found[0].source
    assert "X1.1.7" in found[0].obligations


def test_every_rule_has_an_id_a_source_and_obligations_of_the_catalogue() -> None:
    known = set(catalogue().obligations)
    reports = [check_cda(document().encode()), check_cda(level_one().encode()),
               check_cda(changed('code="60591-5"', 'code="57833-6"')),
               check_cda(changed('code="60591-5"', 'code="60593-1"')),
               check_cda(changed('code="60591-5"', 'code="11502-2"')),
               check_pair(document().encode(), level_one().encode()),
               check_pair(level_one().encode(), document().encode())]  # fmt: skip
    for report in reports:
        for result in report.results:
            assert result.id.startswith("cda-")
            assert result.source
            assert result.obligations
            assert set(result.obligations) <= known


def test_the_identity_number_is_masked_in_findings() -> None:
    text = changed('code="no-known-devices"', 'code="13816248213"')
    report = check_cda(text)
    assert all("13816248213" not in r.message + r.location for r in report.results)


def test_a_level_1_document_is_judged_by_its_head_and_file() -> None:
    assert broken(check_cda(level_one().encode())) == set()
    wrong = changed("application/pdf", "text/html", level_one())
    assert "cda-l1-media" in broken(check_cda(wrong))
    empty = changed("JVBERi0=", "", level_one())
    assert "cda-l1-empty" in broken(check_cda(empty))
    for text, rule in (("JVBERi0", "cda-l1-base64"), ("æ", "cda-l1-base64"),
                       ("aGVsbG8=", "cda-l1-media")):  # fmt: skip
        assert rule in broken(check_cda(changed("JVBERi0=", text, level_one())))
    assert "cda-l1-pdfa" in broken(check_cda(level_one().encode()), Severity.WARNING)


def test_our_own_level_1_document_says_that_it_is_pdf_a() -> None:
    pytest.importorskip("fpdf")
    bundle = build(messages()["brand"].path.read_bytes()).bundle
    report = check_cda(to_cda(bundle, form="pivot", level=1).xml)
    assert broken(report) | broken(report, Severity.WARNING) == set()


def test_a_pair_names_each_other_and_has_its_own_ids() -> None:
    assert broken(check_pair(document().encode(), level_one().encode())) == set()
    same = level_one().replace("pdf-1", "summary-1")
    assert {"cda-p-id"} <= broken(check_pair(document().encode(), same.encode()))
    stranger = level_one().replace("summary-1", "another").encode()
    other = changed("pdf-1", "third")
    assert "cda-p-related" in broken(check_pair(other, stranger))
    twice = document().encode()
    assert "cda-p-level" in broken(check_pair(twice, twice))


def test_another_patient_is_no_pair() -> None:
    other = level_one().replace("13816248213", "17846096506").encode()
    assert "cda-p-patient" in broken(check_pair(document().encode(), other))


NATIONAL = (
    '<value xsi:type="CD" code="J45" codeSystem="2.16.578.1.12.4.1.1.7110" displayName="Astma">'
    "{inner}</value>"
)
EUROPEAN = f'<translation code="J45" codeSystem="{EHDSI}.44.2" displayName="Asthma"/>'
OTHER = '<translation code="R96" codeSystem="2.16.578.1.12.4.1.1.7170">{inner}</translation>'
PROBLEM_VALUE = f'<value xsi:type="CD" code="J45" codeSystem="{EHDSI}.44.2" displayName="Asthma"/>'


@pytest.mark.parametrize("inner", [EUROPEAN, OTHER.format(inner=EUROPEAN)])
def test_a_national_code_may_stand_before_its_european_translation(inner: str) -> None:
    friendly = changed(PROBLEM_VALUE, NATIONAL.format(inner=inner))
    for form in ("friendly", None):
        report = check_cda(friendly, form=form)  # type: ignore[arg-type]
        assert broken(report) == set()
        assert broken(report, Severity.WARNING) == set()
        (told,) = [r for r in report.results if r.id == "cda-c-friendly"]
        assert told.message.startswith("1 codes")


def test_a_pivot_is_asked_for_the_european_code_itself() -> None:
    friendly = changed(PROBLEM_VALUE, NATIONAL.format(inner=EUROPEAN))
    assert "cda-c-value-set" in broken(check_cda(friendly, form="pivot"), Severity.WARNING)
    assert broken(check_cda(document().encode(), form="pivot"), Severity.WARNING) == set()


@pytest.mark.parametrize("inner", ["", OTHER.format(inner="")])
def test_a_national_code_without_european_translation_is_a_doubt(inner: str) -> None:
    alone = changed(PROBLEM_VALUE, NATIONAL.format(inner=inner))
    assert "cda-c-value-set" in broken(check_cda(alone), Severity.WARNING)


@pytest.mark.parametrize("name", ["everything", "pregnant-anti-d", "penicillin-anaphylaxis"])
@pytest.mark.parametrize("form", ["pivot", "friendly"])
def test_both_forms_of_a_sample_are_sound(name: str, form: str) -> None:
    bundle = summary.build(record.load(name), profile="eps", lang="nb").bundle
    written = to_cda(bundle, form=form, level=3)  # type: ignore[arg-type]
    report = check_cda(written.xml, form=form)  # type: ignore[arg-type]
    assert broken(report) == set()


@pytest.mark.parametrize("name", ["substance", "brand", "list.m96"])
@pytest.mark.parametrize("form", ["pivot", "friendly"])
def test_both_forms_of_a_prescription_are_without_doubt(name: str, form: str) -> None:
    written = to_cda(build(messages()[name].path.read_bytes()).bundle, form=form, level=3)  # type: ignore[arg-type]
    report = check_cda(written.xml, form=form)  # type: ignore[arg-type]
    assert broken(report) | broken(report, Severity.WARNING) == set()


def test_what_is_no_cda_is_refused() -> None:
    with pytest.raises(InputError):
        check_cda(b"<a/>")


def test_a_folder_without_schema_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        check_cda(document().encode(), tmp_path)


@pytest.mark.oracle
def test_our_own_sample_meets_the_schema(oracles: Path) -> None:
    for text in (document(), level_one()):
        assert "cda-xsd" not in broken(check_cda(text.encode(), oracles / "cda-schema"))


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["PS_2-1234-W8.xml", "EP_1-1234-W8.xml"])
def test_the_wave_8_documents_break_no_rule(oracles: Path, name: str) -> None:
    content = (oracles / "cda-samples" / name).read_bytes()
    assert broken(check_cda(content, oracles / "cda-schema")) == set()


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name", ["L3_PS_ReferenceTestData_W3.xml", "PT_CDA_W3_898765392_HipReplacement.xml"]
)
def test_the_wave_3_documents_fail_the_schema_of_today(oracles: Path, name: str) -> None:
    content = (oracles / "cda-samples" / name).read_bytes()
    assert "cda-xsd" in broken(check_cda(content, oracles / "cda-schema"))
