"""Which obligation applies to which system: the rules of the fact base, part 12.2, one by one."""

from __future__ import annotations

import datetime as dt
import itertools
import random

import pytest

from data.loaders.catalogue import catalogue
from data.loaders.systems import System, systems
from gap.analysis import Analysis
from gap.applicability import CONDITIONS, Kind, matrix, verdicts
from gap.schemes import scheme
from tests.gap.builders import ALL, finding, judge, obligation, system

CATALOGUE = catalogue().obligations
EVERY_SCOPE = ("EHR", "ID", "LOG", "SEC", "MKT", "DOC", "POR", "HPS", "INT", "WEL", "REG")


def applies(to: System, ident: str) -> bool:
    """Return whether a row of the real catalogue is scored for a system."""
    return judge(list(CATALOGUE.values()), [to]).kind(to, CATALOGUE[ident]) is Kind.SCORED


def ehr(*verbs: str, serves: tuple[str, ...] = (), **fields: object) -> System:
    """Return an EHR system that does and serves only what a test names."""
    return system(verbs=verbs, serves=serves, scopes=EVERY_SCOPE, **fields)


@pytest.mark.parametrize("verb", ["store", "intermediate"])
def test_a_system_that_stores_or_intermediates_gives_and_receives_the_format(verb: str) -> None:
    assert applies(ehr(verb), "X2.2.1")
    assert applies(ehr(verb), "X2.2.2")


def test_a_viewer_receives_the_format_but_need_not_give_it() -> None:
    viewer = ehr("view")
    assert applies(viewer, "X2.2.3")
    assert not applies(viewer, "X2.2.1")
    assert not applies(viewer, "X2.2.2")


def test_a_system_that_only_stores_is_no_viewer() -> None:
    assert not applies(ehr("store"), "X2.2.3")


def test_structured_entry_brings_the_duty_of_granular_entry() -> None:
    assert applies(ehr("edit"), "X2.2.4")
    assert not applies(ehr("view", "store"), "X2.2.4")


def test_use_by_professionals_brings_their_identification() -> None:
    assert applies(ehr("view", serves=("professionals",)), "X2.3.1")
    assert not applies(ehr("view", serves=("citizens",)), "X2.3.1")


@pytest.mark.parametrize("who", ["professionals", "citizens"])
def test_giving_access_to_people_brings_the_log_with_each_of_its_fields(who: str) -> None:
    for ident in ("X2.3.2", *(f"X2.3.2{letter}" for letter in "abcde")):
        assert applies(ehr("view", serves=(who,)), ident)


def test_a_system_without_users_who_are_people_has_no_access_log() -> None:
    assert not applies(ehr("store", serves=("systems",)), "X2.3.2")


def test_storing_brings_retention_and_access_rights_by_origin() -> None:
    assert applies(ehr("store"), "X2.3.4")
    assert not applies(ehr("view", "intermediate"), "X2.3.4")


@pytest.mark.parametrize("ehr_system", ["yes", "open"])
def test_handling_no_priority_category_means_no_duty_of_an_ehr_system(ehr_system: str) -> None:
    beside = ehr("store", "edit", "view", serves=("professionals",), categories=(),
                 ehr_system=ehr_system)  # fmt: skip
    reached = [o.id for o in CATALOGUE.values() if o.ehr_only and applies(beside, o.id)]
    assert reached == []


def test_general_purpose_software_is_outside_chapter_iii_and_annexes_ii_to_iv() -> None:
    database = ehr("store", serves=("professionals",), ehr_system="no")
    parts = ("III", "Annex II", "Annex III", "Annex IV")
    product = [o.id for o in CATALOGUE.values() if o.part in parts and o.actors == ("MAN",)]
    assert len(product) > 90
    assert [ident for ident in product if applies(database, ident)] == []


def test_an_open_question_keeps_the_duties_of_an_ehr_system() -> None:
    assert applies(ehr("store", ehr_system="open"), "X2.2.1")


def test_a_wellness_duty_reaches_only_what_is_about_wellness_applications() -> None:
    app = system(actors=("WAM",), scopes=("WEL",), ehr_system="no")
    assert applies(app, "E47.1")
    assert not applies(system(actors=("WAM",), scopes=("EHR",)), "E47.1")


def test_an_importer_has_duties_only_for_products_on_the_market() -> None:
    imported = system(actors=("IMP",), scopes=EVERY_SCOPE, deployment=("market",))
    own = system(actors=("IMP",), scopes=EVERY_SCOPE, deployment=("in-house",))
    assert applies(imported, "E32.1")
    assert not applies(own, "E32.1")


def test_a_national_option_is_never_scored() -> None:
    state = system(actors=("MS", "HDAB", "DHA"), scopes=(*EVERY_SCOPE, "LAW", "GOV"))
    j = judge(list(CATALOGUE.values()), [state])
    options = [o for o in j.obligations if o.modality == "O"]
    kinds = {j.kind(state, o) for o in options}
    assert len(options) == 33
    assert kinds <= {Kind.OPTION, Kind.NOT_APPLICABLE}
    assert not j.scored[:, [j.obligation_index[o.id] for o in options]].any()


def test_an_unused_option_leaves_no_gap_in_the_figures() -> None:
    option, duty = obligation("E10.1", modality="O"), obligation("E18.1")
    says_no = finding("E10.1", None, status="not-used")
    a = Analysis(judge([option, duty], [system()], [says_no]), scheme("share-met"))
    assert a.national is not None
    assert (a.national.cells, a.national.assessed) == (1, 0)
    assert a.worst(10) == []
    assert a.roadmap.steps == ()


@pytest.mark.parametrize(
    ("option", "dependent"), [("E10.1", "E10.2a"), ("E71.4", "E71.4b"), ("E62.1", "E62.2")]
)
@pytest.mark.parametrize("status", ["used", "not-used", "undecided", None])
def test_a_used_option_and_nothing_less_makes_its_dependents_apply(
    option: str, dependent: str, status: str | None
) -> None:
    every_actor = ("MS", "HDAB", "HDH", "HDU", "HP", "MAN")
    state = system("state", actors=every_actor, scopes=(*EVERY_SCOPE, "LAW", "GOV", "SPE"))
    said = [finding(option, None, of="state", status=status)] if status else []
    j = judge(list(CATALOGUE.values()), [state], said)
    expected = Kind.SCORED if status == "used" else Kind.AWAITS_OPTION
    assert j.kind(state, CATALOGUE[dependent]) is expected


@pytest.mark.parametrize(
    ("modality", "kind"),
    [("C", Kind.EXTERNAL), ("L", Kind.SCOPE_RULE), ("N", Kind.RECOMMENDATION)],
)
def test_commission_tasks_scope_rules_and_recommendations_are_never_scored(
    modality: str, kind: Kind
) -> None:
    j = judge(list(CATALOGUE.values()), list(systems().values()))
    rows = [o for o in j.obligations if o.modality == modality]
    assert rows
    assert {j.kind(s, o) for s in j.system_list for o in rows} == {kind}
    assert not j.scored[:, [j.obligation_index[o.id] for o in rows]].any()


def test_rows_of_the_commission_alone_are_external_dependencies() -> None:
    alone = [o for o in CATALOGUE.values() if o.actors == ("COM",)]
    assert alone
    assert {o.modality for o in alone} <= {"C", "L", "O"}


def test_scored_is_exactly_the_duties_rights_and_prohibitions_that_apply() -> None:
    j = judge(list(CATALOGUE.values()), list(systems().values()))
    for (s, one), (o, row) in itertools.product(enumerate(j.system_list), enumerate(j.obligations)):
        assert bool(j.scored[s, o]) == (j.kind(one, row) is Kind.SCORED)


def test_matrix_and_explanation_agree() -> None:
    every = list(itertools.product(systems().values(), CATALOGUE.values()))
    whole = matrix(list(CATALOGUE.values()), list(systems().values()))
    at = {(s.id, o.id): bool(whole[i // len(CATALOGUE), i % len(CATALOGUE)])
          for i, (s, o) in enumerate(every)}  # fmt: skip
    for one, row in random.Random(2025).sample(every, 2500):
        judged = verdicts(row, one)
        assert [v.condition for v in judged] == [c.id for c in CONDITIONS]
        assert all(v.holds for v in judged) == at[one.id, row.id]


def test_matrix_and_explanation_agree_on_every_cell_of_the_edges() -> None:
    odd = [
        system("nothing", verbs=(), categories=(), serves=(), deployment=(), ehr_system="no",
               actors=(), scopes=()),
        system("everything", scopes=EVERY_SCOPE),
        system("no-data", categories=(), scopes=EVERY_SCOPE, ehr_system="open"),
    ]  # fmt: skip
    whole = matrix(list(CATALOGUE.values()), odd)
    for i, one in enumerate(odd):
        for k, row in enumerate(CATALOGUE.values()):
            assert all(v.holds for v in verdicts(row, one)) == bool(whole[i, k])
    assert not whole[0].any()


@pytest.mark.parametrize(
    ("category", "expected"),
    [*((c, dt.date(2029, 3, 26)) for c in "abc"), *((c, dt.date(2031, 3, 26)) for c in "def")],
)
def test_each_category_has_the_date_of_its_group(category: str, expected: dt.date) -> None:
    assert CATALOGUE["X2.2.1"].due(category, in_house=False) == expected


@pytest.mark.parametrize("category", [*ALL, ""])
@pytest.mark.parametrize("ident", ["X2.2.1", "X3.1a", "E25.1", "E30.1a"])
def test_in_house_and_as_a_service_products_have_until_2031(ident: str, category: str) -> None:
    assert CATALOGUE[ident].due(category, in_house=True) == dt.date(2031, 3, 26)


def test_the_later_date_of_in_house_systems_holds_for_products_alone() -> None:
    later = {o.part for o in CATALOGUE.values() if o.eu_date_in_house}
    assert later <= {"III", "Annex II", "Annex III", "Annex IV"}
    assert CATALOGUE["E15.4a"].due("a", in_house=True) == dt.date(2029, 3, 26)


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (("in-house",), True),
        (("as-a-service",), True),
        (("in-house", "as-a-service"), True),
        (("market",), False),
        (("market", "in-house"), False),
        ((), False),
    ],
)
def test_only_what_is_nowhere_on_the_market_is_under_article_26_2(
    deployment: tuple[str, ...], expected: bool
) -> None:
    assert system(deployment=deployment).in_house_only is expected


def test_general_duties_apply_from_2027_whatever_the_category() -> None:
    assert CATALOGUE["E19.1a"].due("", in_house=False) == dt.date(2027, 3, 26)
    assert CATALOGUE["E18.1"].due("f", in_house=True) == dt.date(2027, 3, 26)
