"""What the commands of country B share: whom they ask, who asks, which patient, what is kept."""

from __future__ import annotations

import datetime as dt
import functools
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.errors import Exit, InputError, Problem
from data.files import check_folder
from data.loaders.tables import read_bytes
from ehds.cli.ncp.home import Moment, Seconds, home, home_folder
from ehds.cli.options import F
from ehds.cli.output import say, say_line

if TYPE_CHECKING:
    from ncp.audit import CareRelation
    from ncp.client import Asker, Client, Partner
    from ncp.client.answers import Answer
    from ncp.client.keeping import Keeper
    from ncp.model import HealthProfessional, PatientId, Traits

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)

_WHOM = (
    click.option("--url", default="", help="Contact point of country A; the one that runs here "
                 "(ehds ncp serve) by default."),
    click.option("--country-a", default="", metavar="CC", help="Country A; NO by default."),
    home,
    click.option("--ca", type=_FILE, help="Authority that country A is trusted by (PEM)."),
    click.option("--cert", type=_FILE, help="Our TLS client certificate (PEM)."),
    click.option("--key", type=_FILE, help="Its key (PEM)."),
    click.option("--timeout", type=Seconds(0.1, 3600), default=60.0, show_default=True,
                 help="Seconds to wait for an answer."),
)  # fmt: skip
_WHO = (
    click.option("--country", default="", metavar="CC",
                 help="Country B; SE by default, NO with an attest."),
    click.option("--role", default="", help="ISCO-08 code: 221 doctor, 2262 pharmacist ...; the "
                 "usual one for what is asked by default."),
    click.option("--name", default="", help="Name of the professional."),
    click.option("--purpose", type=click.Choice(["TREATMENT", "EMERGENCY"]), default="TREATMENT",
                 show_default=True, help="Purpose of use."),
    click.option("--facility", default="", help="Hospital, Resident Physician, Pharmacy, Other."),
    click.option("--locality", default="", help="Point of care."),
    click.option("--organization", default="", help="Name of the organisation."),
    click.option("--organization-id", default="", help="urn:hl7ii:ROOT:EXTENSION."),
    click.option("--permission", "permissions", multiple=True,
                 help="PRD-004 ..., beside those of the role; several times."),
    click.option("--attest", type=_FILE, help="A Norwegian attest as JSON: who asks."),
    click.option("--assertion", "assertions", type=_FILE, multiple=True,
                 help="An assertion made elsewhere (HCP, TRC, next of kin); several times."),
    click.option("--seal", type=_FILE, help="Certificate that signs assertions (PEM)."),
    click.option("--seal-key", type=_FILE, help="Its key (PEM)."),
    click.option("--prescription-id", default="", help="Of the TRC assertion, where country A "
                 "asks for it."),
    click.option("--pin", default="", help="PIN of a dispensation, where country A asks for it."),
    click.option("--now", type=Moment(), help="The moment that counts; now by default."),
)  # fmt: skip
_KEPT = (
    click.option("--raw", type=_FOLDER, help="Folder for the messages as they went over the line."),
    click.option("--curl", is_flag=True, help="With --raw: a command line that asks again."),
    click.option("--no-journal", is_flag=True, help="Do not record it in the journal."),
)  # fmt: skip
_PATIENT = (
    click.option("--patient", default="", help="A sample patient, a record, or a number of "
                 "country A; it is identified first."),
    click.option("--id", "ids", multiple=True, metavar="ROOT^NUMBER",
                 help="Identifier as country A gives it; several times."),
    click.option("--family", default="", help="Family name."),
    click.option("--given", default="", help="Given name."),
    click.option("--gender", type=click.Choice(["M", "F", "UN"]), help="Gender."),
    click.option("--birth-date", default="", metavar="YYYYMMDD", help="Birth date."),
    click.option("--all-traits", is_flag=True,
                 help="Send all of them, also what the search mask of country A leaves out."),
    click.option("--unchecked", is_flag=True,
                 help="Send what the search mask of country A would refuse."),
)  # fmt: skip


def asking(operation: str, *, patient: bool = True, sends: bool = True) -> Callable[[F], F]:
    """Add the options of country B; the command gets them as one ``Asking``.

    Args:
        operation: ``identify`` and so on.
        patient: with the options that say which patient.
        sends: with the options about what is kept of an exchange.
    """
    options = [*(_PATIENT if patient else ()), *_WHOM, *_WHO, *(_KEPT if sends else ())]

    def add(function: F) -> F:
        own = {p.name for p in getattr(function, "__click_params__", ())}

        @functools.wraps(function)
        def command(**values: Any) -> Any:
            shared = {name: values.pop(name) for name in names if name in values}
            return function(Asking(operation, shared, values.get("lang", "nb")), **values)

        made: Any = command
        for option in reversed(options):
            made = option(made)
        names = {p.name for p in made.__click_params__} - own
        return made  # type: ignore[no-any-return]

    return add


class Asking:
    """The options of one call of a command of country B.

    Args:
        operation: ``identify`` and so on.
        values: the shared options by name.
        lang: ``nb`` or ``en``.
    """

    def __init__(self, operation: str, values: dict[str, Any], lang: str) -> None:
        self.operation, self.lang = operation, lang
        self._values = values
        self._keeper: Keeper | None = None

    def __getitem__(self, name: str) -> Any:
        """Return an option; nothing for one that the command does not have."""
        return self._values.get(name)

    def clock(self) -> dt.datetime:
        """Return the moment that counts."""
        return self["now"] or dt.datetime.now(dt.UTC)

    @property
    def patient_option(self) -> str:
        """The option that named the patient, to be repeated; a number is masked."""
        from ips.identifiers import mask

        if self["patient"]:
            return f"--patient {shlex.quote(mask(self['patient']))}"
        return " ".join(f"--id {shlex.quote(mask(str(one)))}" for one in self["ids"] or ())

    @property
    def home(self) -> Path:
        """The folder of the exchange."""
        return home_folder(self["home"])

    @property
    def country(self) -> str:
        """Country B."""
        from ncp.countries import country

        return country(self["country"] or ("NO" if self["attest"] else "SE"), "--country").code

    def partner(self, *, offline: bool = False) -> Partner:
        """Return whom to ask; for a message that is not sent, a contact point need not run."""
        from data.errors import EnvironmentProblem
        from ncp.client.partner import at_home

        given = {"country_a": self["country_a"], "ca": self["ca"], "certificate": self["cert"],
                 "key": self["key"]}  # fmt: skip
        try:
            return at_home(self.home, self.country, now=self.clock(), url=self["url"], **given)
        except EnvironmentProblem:
            if not offline or self["url"]:
                raise
            return at_home(self.home, self.country, now=self.clock(),
                           url="https://localhost:8443", **given)  # fmt: skip

    def asker(self, role: str) -> Asker:
        """Return who asks: of assertion files, an attest, or a synthetic professional of a role."""
        from ncp.client import Asker
        from ncp.trust import certs
        from ncp.trust.keys import read_signer

        if bool(self["seal"]) != bool(self["seal_key"]):
            raise InputError(Problem("--seal and --seal-key belong together",
                                     remedy="give both PEM files"))  # fmt: skip
        seal = read_signer(self["seal"], self["seal_key"]) if self["seal"] else certs.ensure(
            self.home / "certs" / self.country, self.country, now=self.clock()).seal  # fmt: skip
        if self["assertions"]:
            asker = Asker.read(self["assertions"], seal)
        else:
            asker = Asker(self._professional(role), seal)
        if self["attest"]:
            asker.care = self._care()
        asker.prescription_id, asker.pin = self["prescription_id"], self["pin"]
        return asker

    def _professional(self, role: str) -> HealthProfessional:
        from dataclasses import replace

        from ehds.cli.ncp import asserting

        file = str(self["attest"]) if self["attest"] else None
        stated = {"name": self["name"], "locality": self["locality"],
                  "facility_type": self["facility"], "organization": self["organization"],
                  "organization_id": self["organization_id"],
                  "role": self["role"] if file else self["role"] or role,
                  "purpose": "" if file else self["purpose"]}  # fmt: skip
        who, losses = asserting.professional(file, self.country, stated)
        if file:
            say(f"{len(losses)} attributes of the attest were read; see what did not travel with: "
                f"ehds ncp assert hcp --attest {shlex.quote(file)} --loss FILE")  # fmt: skip
        more = (code for code in self["permissions"] if code not in who.permissions)
        return replace(who, permissions=(*who.permissions, *more))

    def _care(self) -> CareRelation | None:
        """Return what the attest says about why somebody looks."""
        from ncp.audit.norway import care_relation
        from ncp.trust.attest import read_attest

        said = read_attest(read_bytes(self["attest"]), str(self["attest"]))
        return care_relation(said) if isinstance(said, dict) else None

    @contextmanager
    def client(self, role: str) -> Iterator[Client]:
        """Give a client; what is to be kept of its messages is kept."""
        from ncp.client import Client, Limits, Transport
        from ncp.client.keeping import Keeper
        from ncp.store import Store

        if self["curl"] and not self["raw"]:
            raise click.UsageError("--curl needs a folder for the messages: --raw")
        if self["raw"]:  # before anything is sent: a report that went cannot be called back
            check_folder(self["raw"])
        partner = self.partner()
        limits = Limits(read=self["timeout"], whole=max(2 * self["timeout"], 120))
        store = None if self["no_journal"] else Store(self.home / "store.db")
        self._keeper = Keeper(self["raw"], partner) if self["raw"] else None
        watch = self._keeper.keep if self._keeper else lambda _reply: None
        try:
            with Client(partner, self.asker(role), country=self.country, store=store,
                        transport=Transport(partner, limits), clock=self.clock,
                        watch=watch) as client:  # fmt: skip
                yield client
        finally:
            if store:
                store.close()
            if self._keeper:
                say_line(f"Messages: {self['raw']}")
                for line in self._keeper.commands if self["curl"] else ():
                    say(line)

    def traits(self, country_a: str) -> Traits:
        """Return what country A is asked with.

        Raises:
            InputError: nobody is named, or the search mask of country A would refuse it.
        """
        from ncp import tables
        from ncp.client import patients
        from ncp.client.building import masked

        found = patients.traits(
            self["patient"], self["ids"], country_a, family=self["family"], given=self["given"],
            gender=self["gender"] or "", birth_date=self["birth_date"],
        )  # fmt: skip
        if not self["all_traits"]:
            found = masked(found, country_a)
        mask = tables.search_masks().get(country_a)
        wrong = mask.check(found) if mask and not self["unchecked"] else []
        if wrong:
            raise InputError([
                Problem(refusal.text, refusal.location, rule=f"search mask of {country_a}",
                        remedy="correct it, or send it all the same with --unchecked")
                for refusal in wrong
            ])  # fmt: skip
        return found

    def patient(self, client: Client) -> PatientId:
        """Return the patient as country A knows it: identified first, unless its id is given."""
        country_a = client.partner.country.code
        if self["ids"] and not self["patient"]:
            from ncp.client.patients import identifier

            return identifier(self["ids"][0])
        answer = client.identify(self.traits(country_a))
        self.tell(answer, client.partner, "identify")
        if len(answer.persons) > 1:
            from ncp.client.texts import text

            raise InputError(Problem(text(
                "identified.several", self.lang, country=self.name_of(client.partner),
                number=len(answer.persons))))  # fmt: skip
        return answer.persons[0].ids[0]

    def name_of(self, partner: Partner) -> str:
        """Return the name of country A in the language of the text."""
        return partner.country.name_nb if self.lang == "nb" else partner.country.name_en

    def tell(self, answer: Answer, partner: Partner, operation: str = "") -> None:
        """Tell warnings and deviations of an answer; leave with 1 when nothing was given."""
        from ehds.cli.ncp.answered import tell

        if tell(answer, operation or self.operation, self.lang, self.name_of(partner)):
            raise click.exceptions.Exit(Exit.FINDINGS)
