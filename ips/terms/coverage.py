"""How much of what Norway records reaches Europe: shares per code list, and what is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ips.loss import Fate, Loss, LossReport

TOTAL = ""
"""List id of the row over all lists."""


@dataclass(frozen=True, slots=True)
class Share:
    """The codes of one list, counted by what became of them.

    Attributes:
        list_id: number of the national list, or the URI of another system; empty for the total.
        counts: occurrences per fate; every fate has a key.
    """

    list_id: str
    counts: dict[Fate, int]

    @property
    def codes(self) -> int:
        """The number of occurrences."""
        return sum(self.counts.values())

    def share(self, *fates: Fate) -> float:
        """Return the share with one of these fates, 0 to 1; 0 when there is nothing."""
        return sum(self.counts[fate] for fate in fates) / self.codes if self.codes else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data; shares have four decimals."""
        return {
            "list_id": self.list_id,
            "codes": self.codes,
            "exact": self.counts[Fate.EXACT],
            "approximate": self.counts[Fate.APPROXIMATE],
            "not_at_all": self.counts[Fate.AS_TEXT] + self.counts[Fate.NOT_CARRIED],
            "as_text": self.counts[Fate.AS_TEXT],
            "not_carried": self.counts[Fate.NOT_CARRIED],
            "share_exact": round(self.share(Fate.EXACT), 4),
            "share_approximate": round(self.share(Fate.APPROXIMATE), 4),
            "share_not_at_all": round(self.share(Fate.AS_TEXT, Fate.NOT_CARRIED), 4),
        }


def shares(reports: Iterable[LossReport]) -> list[Share]:
    """Return one row per code list, sorted, and the total last."""
    found: dict[str, Counter[Fate]] = {}
    total: Counter[Fate] = Counter()
    for item in _coded(reports):
        found.setdefault(item.list_id, Counter())[item.fate] += 1
        total[item.fate] += 1
    rows = [Share(name, {f: counts[f] for f in Fate}) for name, counts in sorted(found.items())]
    return [*rows, Share(TOTAL, {fate: total[fate] for fate in Fate})]


def lost_codes(reports: Iterable[LossReport]) -> list[tuple[Loss, int]]:
    """Return each distinct code that did not travel exactly, with how often, most frequent first.

    The loss that is returned is the first of its kind; its element is one example.
    """
    first: dict[tuple[str, str, Fate, str], Loss] = {}
    often: Counter[tuple[str, str, Fate, str]] = Counter()
    for item in _coded(reports):
        if item.fate is not Fate.EXACT:
            key = (item.list_id, item.source_value, item.fate, item.reason)
            first.setdefault(key, item)
            often[key] += 1
    ranked = sorted(often, key=lambda key: (-often[key], *key))
    return [(first[key], often[key]) for key in ranked]


def _coded(reports: Iterable[LossReport]) -> Iterable[Loss]:
    return (item for report in reports for item in report.items if item.list_id)
