"""What the trust rests on, from tables: roles, permissions, purposes, authentication, rules.

The tables are in ``data/exchange/``; each row names its source.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from data.errors import InputError, Problem, did_you_mean
from data.results import Severity
from ncp.countries import rows
from ncp.model import Coded, Operation
from ncp.trust.names import AUTHN, ROLE_SYSTEM, Kind

_COLUMN = {
    Operation.IDENTIFY: "identify",
    Operation.PS_LIST: "ps",
    Operation.PS_RETRIEVE: "ps",
    Operation.EP_LIST: "ep",
    Operation.EP_RETRIEVE: "ep",
    Operation.ORCD_LIST: "orcd",
    Operation.ORCD_RETRIEVE: "orcd",
    Operation.DISPENSE: "dispense",
    Operation.DISCARD: "discard",
}
CLERICAL = "44"
"""The role that acts on behalf of another one."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role of a health professional (ISCO-08) and what such a professional is usually given."""

    code: str
    display: str
    permissions: tuple[str, ...]

    @property
    def coded(self) -> Coded:
        """Return the role as the assertion carries it."""
        return Coded(self.code, ROLE_SYSTEM, self.display, "ISCO")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the trust: what breaking it is answered with.

    Attributes:
        hcp_code, other_code: error code when the identity assertion, or another one, breaks it.
        fault: subcode of the SOAP fault that answers instead, or empty.
        strict, lenient: how much it weighs in each mode.
        rank: place in the table; the first broken rule is the one that is told.
    """

    id: str
    title: str
    hcp_code: str
    other_code: str
    fault: str
    strict: Severity
    lenient: Severity
    source: str
    rank: int


@dataclass(frozen=True, slots=True)
class CountryRules:
    """What a country A demands differently.

    Attributes:
        roles_without_permissions: role codes that need no permissions; where there are any,
            other roles without permissions are refused for their role.
        generic_codes: rights are refused with the generic code of the service, not with 4703.
        home_community: a home community of another country is refused.
    """

    roles_without_permissions: frozenset[str] = frozenset()
    generic_codes: bool = False
    home_community: bool = False


DEFAULT = CountryRules()
"""What OpenNCP demands, and Norway as country A."""


@cache
def roles() -> dict[str, Role]:
    """Return the roles by ISCO-08 code."""
    found = rows("exchange/roles.csv", "code display permissions note source")
    return {r["code"]: Role(r["code"], r["display"], r.words("permissions")) for r in found}


def role(code: str) -> Role:
    """Return a role by its code.

    Raises:
        InputError: not on the list.
    """
    known = roles()
    if code not in known:
        listing = ", ".join(f"{r.code} {r.display}" for r in known.values())
        raise InputError(
            Problem(f"«{code}» is no role of the exchange", rule="data/exchange/roles.csv",
                    remedy=did_you_mean(code, known, listing))
        )  # fmt: skip
    return known[code]


@cache
def _matrix() -> dict[str, frozenset[str]]:
    columns = sorted({*_COLUMN.values(), "consent"})
    found = rows("exchange/permissions.csv", "permission title source " + " ".join(columns))
    return {name: frozenset(r["permission"] for r in found if r[name]) for name in columns}


def required(operation: Operation) -> frozenset[str]:
    """Return the permission codes that an operation needs (``PRD-006``)."""
    return _matrix()[_COLUMN[operation]]


@cache
def permissions() -> dict[str, str]:
    """Return the permission codes and what they allow."""
    columns = "permission title source " + " ".join(sorted(_matrix()))
    return {r["permission"]: r["title"] for r in rows("exchange/permissions.csv", columns)}


@cache
def authn_classes(kind: Kind) -> frozenset[str]:
    """Return the authentication context classes that a kind of assertion may state, as URNs."""
    found = rows("exchange/authn-contexts.csv", "class kinds title source")
    return frozenset(AUTHN + r["class"] for r in found if kind.value in r.words("kinds"))


@cache
def purposes() -> dict[str, frozenset[str]]:
    """Return the purposes of use, each with the code systems that it may come in."""
    found = rows("exchange/purposes.csv", "code display systems source")
    return {r["code"]: frozenset(r.words("systems")) for r in found}


@cache
def facility_types() -> tuple[str, ...]:
    """Return the types of facility in the order of the table."""
    found = rows("exchange/facility-types.csv", "type list codes roles source")
    return tuple(dict.fromkeys(r["type"] for r in found))


def facility_of(list_id: str, code: str, role_code: str = "") -> str:
    """Return the type of facility that a Norwegian service code, or else a role, speaks for."""
    found = rows("exchange/facility-types.csv", "type list codes roles source")
    by_service = (r for r in found if list_id and r["list"] == list_id)
    by_role = (r for r in found if role_code in r.words("roles"))
    for row in by_service:
        if not row["codes"] or code in row.words("codes"):
            return row["type"]
    return next((r["type"] for r in by_role), facility_types()[-1])


@cache
def rules() -> dict[str, Rule]:
    """Return the rules by id, in the order in which a broken one is told."""
    columns = "rule title hcp_code other_code fault strict lenient source"
    return {
        r["rule"]: Rule(r["rule"], r["title"], r["hcp_code"], r["other_code"], r["fault"],
                        Severity(r["strict"]), Severity(r["lenient"]), r["source"], rank)
        for rank, r in enumerate(rows("exchange/trust-rules.csv", columns))
    }  # fmt: skip


@cache
def country_rules(country: str) -> CountryRules:
    """Return what a country A demands; the usual rules for one without rows of its own."""
    found = rows("exchange/country-rules.csv", "country rule value source")
    said = {r["rule"]: r for r in found if r["country"] == country}
    absent = said.get("roles-without-permissions")
    return CountryRules(
        frozenset(absent.words("value")) if absent else frozenset(),
        "generic-codes" in said,
        "home-community" in said,
    )
