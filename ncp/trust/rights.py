"""What the professional may do: role, permissions per operation, on whose behalf.

Sources: OpenNCP 9 DefaultPolicyManagerImpl and XSPARole; the HL7 permission catalogue; for
Germany gemSpec_NCPeH_FD and its tests NCP2_IOP_ePeDA_NCP_020 to 035.
"""

from __future__ import annotations

from ncp.codes import bare
from ncp.model import Operation
from ncp.trust.content import role_of
from ncp.trust.findings import Findings
from ncp.trust.names import ON_BEHALF_OF, ORGANIZATION_ID, PERMISSION, ROLE_SYSTEM, Kind
from ncp.trust.policy import CLERICAL, CountryRules, required, roles
from ncp.trust.statement import Statement

_PHARMACY = frozenset({Operation.IDENTIFY, Operation.EP_LIST, Operation.EP_RETRIEVE,
                       Operation.DISPENSE, Operation.DISCARD})  # fmt: skip


def judge_rights(
    statement: Statement, operation: Operation, findings: Findings, country_rules: CountryRules
) -> None:
    """Judge whether the identity assertion allows an operation."""
    _judge_role(statement, findings)
    if operation is Operation.DISCARD:
        findings.judge("organization-id", bool(statement.text(ORGANIZATION_ID)),
                       "the organisation is not identified", kind=Kind.HCP)  # fmt: skip
    _judge_permissions(statement, operation, findings, country_rules)


def _judge_role(statement: Statement, findings: Findings) -> None:
    said = role_of(statement)
    known = roles().get(said.code)
    in_system = not said.system or bare(said.system) == ROLE_SYSTEM
    if not findings.judge("role", known is not None and in_system,
                          f"the role «{said.code or said.display}» is not on the list",
                          kind=Kind.HCP, location=said.code):  # fmt: skip
        return
    assert known is not None
    findings.judge("role-name", said.display.lower() == known.display.lower(),
                   f"role {said.code} is named «{said.display}», not «{known.display}»",
                   kind=Kind.HCP, location=said.code)  # fmt: skip
    if said.code == CLERICAL:
        behalf = behalf_of(statement)
        findings.judge("on-behalf-of", behalf in roles(),
                       f"acts on behalf of «{behalf}», which is no role on the list",
                       kind=Kind.HCP, location=behalf)  # fmt: skip


def _judge_permissions(
    statement: Statement, operation: Operation, findings: Findings, country_rules: CountryRules
) -> None:
    needed, given = required(operation), permissions_of(statement)
    allowed = country_rules.roles_without_permissions
    if allowed and not given and operation in _PHARMACY:
        code = role_of(statement).code
        findings.judge("permissions", code in allowed,
                       f"role {code} may not do this without permissions",
                       kind=Kind.HCP, location=code)  # fmt: skip
        return
    missing = sorted(needed - set(given))
    findings.judge("permissions", not missing,
                   f"missing for {operation.value}: {', '.join(missing)}",
                   kind=Kind.HCP, location=", ".join(given))  # fmt: skip


def permissions_of(statement: Statement) -> tuple[str, ...]:
    """Return the permission codes without their URN, in the order of the assertion."""
    start = f"{PERMISSION}:"
    texts = (value.text for value in statement.attributes.get(PERMISSION, ()))
    return tuple(t.removeprefix(start) for t in texts if t.startswith(start))


def behalf_of(statement: Statement) -> str:
    """Return the role on whose behalf the professional acts, empty for none."""
    coded = statement.coded(ON_BEHALF_OF)
    return coded.code if coded else statement.text(ON_BEHALF_OF)
