"""Which obligations have a test, as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gap.evidence.coverage import Line, State, Test, fitting
from reports.texts import Texts

_SHOWN = 12


def summary(lines: Sequence[Line], tests: Sequence[Test], t: Texts) -> list[str]:
    """Return how many obligations are in each state, and which tests prove nothing."""
    counted = Counter(line.state for line in lines)
    silent = [test for test in tests if not test.obligations]
    return [
        t("coverage.head", tested=counted[State.TESTED], binding=len(lines)),
        *(f"  {counted[state]:4} {state:14} {t(f'coverage.state.{state}')}" for state in State),
        "", t("coverage.tests", n=len(tests), silent=len(silent)),
        f"  {t('coverage.silent')} {_listed((s.id for s in silent), t)}",
        "", t("coverage.next"),
    ]  # fmt: skip


def listing(lines: Iterable[Line], t: Texts) -> list[str]:
    """Return one line an obligation: its tests, or why there is none."""
    found = []
    for line in lines:
        o = line.obligation
        found.append(f"{o.id:8} {line.state:14} {o.text('title', t.lang)}")
        if line.tests:
            found.append(f"           {_listed(line.tests, t)}")
        if line.reason(t.lang):
            found.append(f"           {line.reason(t.lang)}")
    return found


def obligation(line: Line, tests: Sequence[Test], t: Texts) -> list[str]:
    """Return everything about the tests of one obligation: which test proves this?"""
    o = line.obligation
    why = line.reason(t.lang) or t(f"coverage.state.{line.state}")
    found = [f"{o.id}  {o.ref}  {o.text('title', t.lang)}", f"  {line.state}: {why}"]
    by_id = {test.id: test for test in tests}
    for name in line.tests:
        found += ["", *(f"  {text}" for text in one_test(by_id[name], t))]
    return found


def one_test(test: Test, t: Texts) -> list[str]:
    """Return everything about one test: what does this test prove?"""
    bears = (t("coverage.bears", obligations=", ".join(test.obligations)) if test.obligations
             else t("coverage.bears.none"))  # fmt: skip
    found = [test.id, f"  {test.title(t.lang)}", f"  {bears}"]
    if test.only_faults:
        found.append(f"  {t('coverage.faults')}")
    found += [f"  {t('coverage.why', why=rule.why(t.lang))}" for rule in fitting(test.id)]
    if test.run:
        found.append(f"  {t('coverage.run', run=test.run)}")
    return [*found, f"  {t('coverage.source', source=test.source)}"]


def _listed(names: Iterable[str], t: Texts) -> str:
    all_names = list(names)
    more = len(all_names) - _SHOWN
    shown = ", ".join(all_names[:_SHOWN]) or t("coverage.none")
    return f"{shown} {t('coverage.more', n=more)}" if more > 0 else shown
