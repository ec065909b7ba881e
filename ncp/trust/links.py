"""What holds assertions, certificates and countries together.

Sources: MyHealth@EU SAML Profiles 2.2 (NameID, Advice); NCPeH Components Specification 4.4.2 as
the German contact point applies it (country of the connection, of the signers).
"""

from __future__ import annotations

import re

from cryptography import x509

from data.results import Severity
from ncp.codes import bare
from ncp.countries import country_of_community
from ncp.trust.findings import Findings
from ncp.trust.keys import country_of
from ncp.trust.names import HOME, Kind
from ncp.trust.policy import CountryRules
from ncp.trust.seals import Opened
from ncp.trust.statement import Statement

_ISSUER = re.compile(r"urn:(idp|initgw):([A-Za-z]{2}):country[Bb]")
_ALIASES = {"EL": "GR"}


def judge_links(found: dict[Kind, Opened], findings: Findings) -> None:
    """Judge that the other assertions belong to the identity assertion."""
    if Kind.HCP not in found:
        return
    identity = found[Kind.HCP].statement
    for kind in (Kind.TRC, Kind.NOK):
        if kind not in found:
            continue
        statement = found[kind].statement
        findings.judge("link-advice", statement.advice[:1] == (identity.id,),
                       "the Advice does not name the identity assertion of this message",
                       kind=kind)  # fmt: skip
        if kind is Kind.TRC:  # the issuers of next-of-kin assertions write another Format
            _judge_name_id(identity, statement, findings)


def _judge_name_id(identity: Statement, statement: Statement, findings: Findings) -> None:
    differs = [
        what
        for what, one, other in (
            ("NameID", identity.name_id, statement.name_id),
            ("NameID Format", identity.name_id_format, statement.name_id_format),
        )
        if one != other
    ]
    findings.judge("link-name-id", not differs,
                   f"{' and '.join(differs)} of the treatment relationship differ from the "
                   "identity assertion", kind=Kind.TRC)  # fmt: skip


def judge_countries(
    found: dict[Kind, Opened],
    findings: Findings,
    peer: x509.Certificate | None,
    country_rules: CountryRules,
) -> None:
    """Judge that signers, connection, issuers and home community are of one country."""
    signers = {kind: _country(country_of(one.certificate)) for kind, one in found.items()}
    if not signers:
        return
    named = sorted({country or "none" for country in signers.values()})
    findings.judge("country-signers", len(named) == 1 and named != ["none"],
                   f"the certificates of the signers name the countries {', '.join(named)}"
                   )  # fmt: skip
    if peer is None:
        findings.omit("country-tls", "no certificate of the connection is known")
    else:
        connection = _country(country_of(peer))
        findings.judge("country-tls", set(signers.values()) == {connection},
                       f"the connection is of {connection or 'no country'}, the signers of "
                       f"{', '.join(named)}")  # fmt: skip
    for kind, one in found.items():
        _judge_issuer(one.statement, kind, signers[kind], findings)
    if Kind.HCP in found:
        _judge_home(found[Kind.HCP].statement, signers[Kind.HCP], findings, country_rules)


def _judge_issuer(statement: Statement, kind: Kind, country: str, findings: Findings) -> None:
    form = _ISSUER.fullmatch(statement.issuer)
    right = bool(form) and (form[1] == "idp") == (kind is Kind.HCP) if form else False
    findings.judge("issuer-form", right,
                   f"the issuer is written as «{statement.issuer}»", kind=kind)  # fmt: skip
    if form:
        findings.judge("country-issuer", _country(form[2]) == country,
                       f"the issuer speaks for {form[2]}, the certificate for "
                       f"{country or 'no country'}", kind=kind)  # fmt: skip
    else:
        findings.omit("country-issuer", "the issuer names no country", kind=kind)


def _judge_home(
    statement: Statement, country: str, findings: Findings, country_rules: CountryRules
) -> None:
    home = statement.text(HOME)
    findings.judge("home-present", home.startswith("urn:oid:"),
                   "the home community is missing or lacks «urn:oid:»", kind=Kind.HCP)  # fmt: skip
    if not home:
        findings.omit("country-home", "no home community is stated", kind=Kind.HCP)
        return
    owner = country_of_community(bare(home))
    strict = country_rules.home_community
    known = owner is not None and _country(owner.code) == country
    findings.judge("country-home", known or (owner is None and not strict),
                   f"the home community belongs to {owner.code if owner else 'no known country'}, "
                   f"the certificate to {country or 'no country'}", kind=Kind.HCP, location=home,
                   severity=Severity.ERROR if strict else None)  # fmt: skip


def _country(code: str) -> str:
    return _ALIASES.get(code.upper(), code.upper())
