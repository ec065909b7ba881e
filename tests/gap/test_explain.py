"""Why a cell is what it is, told in both languages."""

from __future__ import annotations

import pytest

from data.loaders.catalogue import catalogue
from data.loaders.systems import System
from gap.applicability import Kind
from gap.explain import explain
from gap.judgement import Judgement
from gap.schemes import schemes
from reports.texts import Texts
from reports.words import explanation
from tests.builders import call
from tests.gap.builders import finding, judge, obligation, system

C = catalogue().obligations
SHARE = schemes()["share-met"]
STATE = ("MS", "HDAB", "DHA")
SCOPES = ("EHR", "LAW", "GOV", "POR")


def told(j: Judgement, ident: str, lang: str, scheme: str = "share-met") -> str:
    return "\n".join(explanation(explain(j, "one", ident, schemes()[scheme]), Texts(lang)))


def state() -> System:
    return system(actors=STATE, scopes=SCOPES)


KINDS = {
    Kind.SCORED: ("E19.1a", "gjelder og skåres", "applies and is scored"),
    Kind.OPTION: ("E10.1", "nasjonalt valg: aldri et gap", "national option: never a gap"),
    Kind.AWAITS_OPTION: ("E10.2a", "har tatt valget E10.1", "when the State uses option E10.1"),
    Kind.EXTERNAL: ("E16.2", "oppgave for Kommisjonen", "task of the Commission"),
    Kind.SCOPE_RULE: ("E25.2", "bestemmer hva som gjelder", "decides what applies"),
    Kind.NOT_APPLICABLE: ("X2.2.1", "gjelder ikke dette systemet", "does not apply to this system"),
}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("lang", ["nb", "en"])
def test_each_kind_of_cell_is_told_in_words(kind: Kind, lang: str) -> None:
    ident, nb, en = KINDS[kind]
    j = judge(list(C.values()), [state()])
    assert explain(j, "one", ident, SHARE).kind is kind
    assert (nb if lang == "nb" else en) in told(j, ident, lang)
    assert C[ident].text("obligation", lang) in told(j, ident, lang)


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_a_recommendation_is_told_as_such(lang: str) -> None:
    (row,) = [o for o in C.values() if o.modality == "N"]
    j = judge(list(C.values()), [state()])
    assert explain(j, "one", row.id, SHARE).kind is Kind.RECOMMENDATION
    word = {"nb": "anbefaling utenfor loven", "en": "recommendation outside the law"}[lang]
    assert word in told(j, row.id, lang)


@pytest.mark.parametrize(("lang", "yes", "no"), [("nb", "[ja]", "[nei]"), ("en", "[yes]", "[no]")])
def test_every_rule_is_told_with_what_is_asked_and_what_is_there(
    lang: str, yes: str, no: str
) -> None:
    viewer = system(verbs=("view",))
    text = told(judge([C["X2.2.1"]], [viewer]), "X2.2.1", lang)
    assert text.count(yes) == 6
    assert text.count(no) == 1
    failing = next(line for line in text.splitlines() if no in line)
    asked, has = {"nb": ("lagrer, formidler", "viser"), "en": ("store, intermediate", "view")}[lang]
    assert asked in failing
    assert failing.endswith(has)


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_no_finding_is_told_as_not_assessed(lang: str) -> None:
    text = told(judge([obligation("A")], [system()]), "A", lang)
    assert {"nb": "Ingen kilde sier noe", "en": "No source speaks of this"}[lang] in text
    assert {"nb": "0 av 1; ukjent: 1", "en": "0 of 1; unknown: 1"}[lang] in text


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_a_finding_is_told_with_reason_source_level_and_plan(lang: str) -> None:
    found = finding("A", 1, planned_date="2030", section="8.1", comment_nb="Piloten går",
                    comment_en="The pilot runs")  # fmt: skip
    text = told(judge([obligation("A")], [system()], [found]), "A", lang)
    assert {"nb": "Piloten går", "en": "The pilot runs"}[lang] in text
    assert {"nb": "delvis oppfylt (nivå 1)", "en": "partly met (level 1)"}[lang] in text
    assert {"nb": "Plan: 2030 – for sent", "en": "Plan: 2030 – too late"}[lang] in text
    assert "8.1" in text


def test_what_a_cell_gives_is_what_the_score_counts() -> None:
    j = judge(
        [obligation("A", categories=("a", "b"), weight=3)], [system()], [finding("A", 2, "a")]
    )
    level = explain(j, "one", "A", schemes()["level"])
    assert level.unit == 3
    assert level.value == pytest.approx(1)
    assert level.open == pytest.approx(1.5)
    assert explain(j, "one", "A", SHARE).value == 0
    assert explain(j, "one", "A", schemes()["xt-ehr"]).unit is None


def test_a_contribution_to_the_duty_of_another_is_told_as_not_scored() -> None:
    j = judge([obligation("A", scopes=("NCP",))], [system()], [finding("A", 1)])
    assert "Systemet bidrar til en annens plikt" in told(j, "A", "nb")
    assert "contributes to the duty of another" in told(j, "A", "en")
    assert explain(j, "one", "A", SHARE).unit is None


def test_each_category_is_told_with_its_date() -> None:
    text = told(judge([C["X2.2.1"]], [system()]), "X2.2.1", "en")
    assert "26 March 2029 (a, b, c); 26 March 2031 (d, e, f)" in text


def test_a_gate_is_told_with_its_cap() -> None:
    text = told(judge([obligation("A", gate=True)], [system()]), "A", "en")
    assert "gate" in text
    assert "50%" in text


@pytest.mark.parametrize(
    ("system_id", "obligation_id", "said"),
    [
        ("nowhere", "X2.2.1", ["nowhere"]),
        ("kjernejournal", "X9.9", ["X9.9"]),
        ("nowhere", "X9.9", ["nowhere", "X9.9"]),
    ],
)
def test_unknown_ids_are_errors_all_at_once(
    system_id: str, obligation_id: str, said: list[str]
) -> None:
    done = call("gap", "explain", system_id, obligation_id)
    assert done.code == 2
    assert done.out == ""
    assert all(f"«{name}»" in done.err for name in said)
    assert "Traceback" not in done.err


@pytest.mark.parametrize("scheme", list(schemes()))
@pytest.mark.parametrize("lang", ["nb", "en"])
def test_the_command_explains_a_real_cell_in_every_scheme(scheme: str, lang: str) -> None:
    done = call("gap", "explain", "sfm", "E15.4a", "--scheme", scheme, "--lang", lang)
    assert done.code == 0
    assert C["E15.4a"].ref in done.out
    assert all(len(line) <= 100 for line in done.out.splitlines())
