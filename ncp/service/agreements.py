"""With which countries country A exchanges what: a table that its authority decides.

The exchange is switched on country by country and service by service (MyHealth@EU; ``country not
agreed`` in gemSpec_NCPeH_FD A_27881). Without a table everyone with a trusted certificate is
served.
"""

from __future__ import annotations

from pathlib import Path

from data.errors import InputError
from data.loaders.tables import Problems, read_csv
from ncp.countries import country as country_of
from ncp.model import Operation, Refusal
from ncp.trust.findings import generic_code

COLUMNS = ("country", "services", "source")
SERVICES: dict[str, frozenset[Operation]] = {
    "ps": frozenset({Operation.PS_LIST, Operation.PS_RETRIEVE}),
    "ep": frozenset({Operation.EP_LIST, Operation.EP_RETRIEVE}),
    "orcd": frozenset({Operation.ORCD_LIST, Operation.ORCD_RETRIEVE}),
    "dispense": frozenset({Operation.DISPENSE, Operation.DISCARD}),
}
"""Services by their name in the table; any of them lets a country identify patients."""


class Agreements:
    """What was agreed.

    Args:
        agreed: operations by country, ISO 3166-1 alpha-2.
    """

    def __init__(self, agreed: dict[str, frozenset[Operation]]) -> None:
        self._agreed = agreed

    def check(self, country: str, operation: Operation) -> None:
        """Check that a country may use an operation.

        Raises:
            Refusal: nothing was agreed with it; the location ends with its code.
        """
        if operation in self._agreed.get(country, frozenset()):
            return
        raise Refusal(
            generic_code(operation), "The service is not agreed with the country.",
            reason="PolicyViolation", status="Failure",
            location=f"no agreement with country {country or 'unknown'}",
        )  # fmt: skip

    @classmethod
    def read(cls, file: Path) -> Agreements:
        """Read a table: country, services (``ps ep orcd dispense``), source.

        Raises:
            InputError: unreadable, an unknown country or service; all rows at once.
        """
        problems = Problems()
        agreed: dict[str, frozenset[Operation]] = {}
        for row in read_csv(file, COLUMNS, problems):
            services = row.words("services")
            for name in services:
                if name not in SERVICES:
                    problems.add(f"«{name}» is no service", row.where,
                                 remedy=", ".join(SERVICES))  # fmt: skip
            try:
                code = country_of(row["country"]).code
            except InputError as error:
                problems.add(error.problems[0].what, row.where, remedy=error.problems[0].remedy)
                continue
            given = [SERVICES[name] for name in services if name in SERVICES]
            known = agreed.get(code, frozenset()).union(*given)
            agreed[code] = known | {Operation.IDENTIFY} if known else known
        problems.stop()
        return cls(agreed)
