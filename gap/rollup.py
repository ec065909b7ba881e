"""Roll-ups: the same cells grouped by chapter, category, actor, scope, layer, system, owner..."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.loaders.catalogue import GROUP_1
from data.loaders.codes import closed_sets
from data.loaders.structure import parts
from gap.applicability import mask
from gap.judgement import Judgement
from gap.schemes import Scheme
from gap.scoring import Figure, figures, units

Keys = NDArray[Any]
NATIONAL = "national"


def rollups(judgement: Judgement, scheme: Scheme) -> dict[str, list[Figure]]:
    """Return every roll-up of a scheme by its name, each in the order of its closed set.

    In all but the category roll-ups a cell counts once in every group it belongs to; in those
    each of its categories counts in full.
    """
    counted = units(judgement.cells, judgement, scheme)
    per_category = units(judgement.by_category, judgement, scheme)
    makers: Mapping[str, Callable[[], list[Figure]]] = {
        "national": lambda: figures(counted, np.full(len(counted), NATIONAL), scheme),
        "part": lambda: _ordered(
            figures(counted, _of_obligation(judgement, counted, "part"), scheme), list(parts())
        ),
        "reeif": lambda: _by_closed_set(judgement, counted, "reeif", "reeif", scheme),
        "actor": lambda: _by_shared(judgement, counted, "actors", "actor", scheme),
        "scope": lambda: _by_shared(judgement, counted, "scopes", "scope", scheme),
        "role": lambda: _by_role(judgement, counted, scheme),
        "category": lambda: _ordered(
            figures(per_category, per_category["category"].to_numpy(), scheme),
            list(closed_sets()["category"]),
        ),
        "date-group": lambda: _ordered(
            figures(
                per_category, np.where(per_category["category"].isin(GROUP_1), "1", "2"), scheme
            ),
            ["1", "2"],
        ),
        "role-category": lambda: _by_role_and_category(judgement, per_category, scheme),
        "system": lambda: _by_system(judgement, counted, "id", scheme),
        "owner": lambda: _by_system(judgement, counted, "owner", scheme),
        "region": lambda: _by_system(judgement, counted, "region", scheme),
    }
    return {name: makers[name]() for name in scheme.groups}


def heat_map(judgement: Judgement, scheme: Scheme) -> dict[tuple[str, str], Figure]:
    """Return the figure of every system in every chapter and annex that concerns it."""
    counted = units(judgement.cells, judgement, scheme)
    systems = _of_system(judgement, counted, "id")
    keys = np.char.add(np.char.add(systems.astype(str), "|"),
                       _of_obligation(judgement, counted, "part").astype(str))  # fmt: skip
    found = {}
    for figure in figures(counted, keys, scheme):
        system, part = figure.key.split("|")
        found[system, part] = figure
    return found


def _of_obligation(judgement: Judgement, frame: pd.DataFrame, field: str) -> Keys:
    values = np.array([getattr(o, field) for o in judgement.obligations])
    keys: Keys = values[frame["obligation"].to_numpy()]
    return keys


def _of_system(judgement: Judgement, frame: pd.DataFrame, field: str) -> Keys:
    values = np.array([getattr(s, field) for s in judgement.system_list])
    keys: Keys = values[frame["system"].to_numpy()]
    return keys


def _by_system(
    judgement: Judgement, frame: pd.DataFrame, field: str, scheme: Scheme
) -> list[Figure]:
    order = list(dict.fromkeys(getattr(s, field) for s in judgement.system_list))
    return _ordered(figures(frame, _of_system(judgement, frame, field), scheme), order)


def _by_closed_set(
    judgement: Judgement, frame: pd.DataFrame, field: str, set_name: str, scheme: Scheme
) -> list[Figure]:
    keys = _of_obligation(judgement, frame, field)
    return _ordered(figures(frame, keys, scheme), list(closed_sets()[set_name]))


def _by_shared(
    judgement: Judgement, frame: pd.DataFrame, field: str, set_name: str, scheme: Scheme
) -> list[Figure]:
    """Group by every code that the obligation and the system share."""
    o = np.array([mask(set_name, getattr(x, field)) for x in judgement.obligations])
    s = np.array([mask(set_name, getattr(x, field)) for x in judgement.system_list])
    shared = o[frame["obligation"].to_numpy()] & s[frame["system"].to_numpy()]
    return _by_bits(frame, shared, set_name, scheme)


def _by_role(judgement: Judgement, frame: pd.DataFrame, scheme: Scheme) -> list[Figure]:
    roles = np.array([mask("role", x.roles) for x in judgement.obligations])
    return _by_bits(frame, roles[frame["obligation"].to_numpy()], "role", scheme)


def _by_role_and_category(
    judgement: Judgement, frame: pd.DataFrame, scheme: Scheme
) -> list[Figure]:
    roles = np.array([mask("role", x.roles) for x in judgement.obligations])
    found = []
    for bit, role in enumerate(closed_sets()["role"]):
        here = frame[(roles[frame["obligation"].to_numpy()] >> bit) & 1 == 1]
        keys = np.char.add(f"{role}|", here["category"].to_numpy().astype(str))
        order = [f"{role}|{category}" for category in closed_sets()["category"]]
        found += _ordered(figures(here, keys, scheme), order)
    return found


def _by_bits(
    frame: pd.DataFrame, masks: NDArray[np.int64], set_name: str, scheme: Scheme
) -> list[Figure]:
    found = []
    for bit, code in enumerate(closed_sets()[set_name]):
        here = frame[(masks >> bit) & 1 == 1]
        found += figures(here, np.full(len(here), code), scheme)
    return found


def _ordered(found: list[Figure], order: Sequence[str]) -> list[Figure]:
    rank = {key: i for i, key in enumerate(order)}
    return sorted(found, key=lambda figure: rank[figure.key])
