"""``ehds ncp certs`` and ``ehds ncp assert``: what people type and see."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ehds.cli import run as run_command
from ncp.trust import certs
from tests.ncp.trust.conftest import PATIENT
from tests.ncp.trust.test_attest import ATTEST


@dataclass(frozen=True)
class Told:
    """What a command left behind: exit code, product, messages."""

    exit_code: int
    stdout_bytes: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        return self.stdout_bytes.decode()


Run = Callable[..., Told]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Run:
    monkeypatch.setenv("EHDS_NCP_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, stdin: bytes = b"") -> Told:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run_command(["ncp", *arguments])
        out, err = capsysbinary.readouterr()
        return Told(code, out, err.decode())

    return call


def test_two_commands_without_options_make_a_good_assertion(run: Run) -> None:
    issued = run("assert", "hcp")
    assert issued.exit_code == 0
    checked = run("assert", "check", "-", stdin=issued.stdout_bytes)
    assert checked.exit_code == 0
    assert "FAIL" not in checked.stdout


def test_the_whole_chain_is_issued_and_checked(run: Run) -> None:
    assert run("assert", "hcp", "-o", "hcp.xml").exit_code == 0
    number = f"{PATIENT.root}^{PATIENT.extension}"
    assert run("assert", "trc", "hcp.xml", "--patient", number, "-o", "trc.xml").exit_code == 0
    assert run("assert", "nok", "hcp.xml", "--family", "Testesen", "--given", "Mor",
               "-o", "nok.xml").exit_code == 0  # fmt: skip
    checked = run("assert", "check", "nok.xml", "hcp.xml", "trc.xml", "--operation", "ps",
                  "--format", "json")  # fmt: skip
    told = json.loads(checked.stdout)
    assert told["schema"] == "ehds.results/1"
    assert told["assertions"] == 3
    assert {r["outcome"] for r in told["results"]} == {"pass", "omit"}
    refused = run("assert", "check", "hcp.xml", "trc.xml", "--operation", "dispense")
    assert refused.exit_code == 1
    assert "PPD-046" in refused.stdout


def test_the_assertions_of_a_message_are_checked(run: Run, tmp_path: Path) -> None:
    hcp = run("assert", "hcp").stdout
    (tmp_path / "message.xml").write_text(
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><w:Security '
        'xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"'
        f">{hcp.strip()}</w:Security></e:Header><e:Body/></e:Envelope>"
    )
    assert run("assert", "check", "message.xml").exit_code == 0


@pytest.mark.parametrize("words", [
    ("17838400655",), ("2.16.578.1.12.4.1.4.1^17838400655",), ("penicillin-anaphylaxis",),
    ("17838400655^^^&2.16.578.1.12.4.1.4.1&ISO",), ("131052-308T", "--country-a", "FI"),
], ids=["number", "root", "sample", "cx", "finland"])  # fmt: skip
def test_a_patient_is_named_by_the_same_words_as_elsewhere(
    run: Run, words: tuple[str, ...]
) -> None:
    run("assert", "hcp", "-o", "hcp.xml")
    made = run("assert", "trc", "hcp.xml", "--patient", *words)
    assert made.exit_code == 0, made.stderr
    root = "1.2.246.21" if "FI" in words else "2.16.578.1.12.4.1.4.1"
    assert f"^^^&amp;{root}&amp;ISO" in made.stdout


def test_a_professional_is_the_same_as_the_one_who_asks(run: Run) -> None:
    from ncp.client.asker import professional

    made = run("assert", "hcp", "--role", "2262").stdout
    assert professional("SE", "2262").locality in made
    assert "Pharmacy" in made


def test_a_file_is_written_byte_for_byte(run: Run, tmp_path: Path) -> None:
    assert run("assert", "hcp", "-o", "hcp.xml").exit_code == 0
    content = (tmp_path / "hcp.xml").read_bytes()
    assert content.startswith(b"<saml2:Assertion")
    assert content.endswith(b"</saml2:Assertion>")


def test_an_attest_is_issued_with_its_losses(run: Run, tmp_path: Path) -> None:
    (tmp_path / "attest.json").write_text(json.dumps(ATTEST))
    issued = run("assert", "hcp", "--attest", "attest.json", "--loss", "loss.json")
    assert issued.exit_code == 0
    assert "urn:idp:NO:countryB" in issued.stdout
    losses = json.loads((tmp_path / "loss.json").read_text())["items"]
    assert any(item["element"] == "practitioner.department" for item in losses)
    assert "17838400655" not in issued.stdout + (tmp_path / "loss.json").read_text()


def test_a_fixed_clock_makes_and_checks_old_assertions(run: Run) -> None:
    assert run("certs", "--country", "SE", "--now", "2020-01-01T00:00:00Z").exit_code == 0
    issued = run("assert", "hcp", "--now", "2020-01-01T12:00:00Z").stdout_bytes
    good = run("assert", "check", "-", "--now", "2020-01-01T13:00:00Z", stdin=issued)
    late = run("assert", "check", "-", "--now", "2020-01-01T16:01:01Z", stdin=issued)
    assert (good.exit_code, late.exit_code) == (0, 1)


def test_permissions_may_be_chosen_or_left_out(run: Run) -> None:
    none = run("assert", "hcp", "--role", "2262", "--permission", "none").stdout_bytes
    assert b"hl7:permission" not in none
    refused = run("assert", "check", "-", stdin=none)
    german = run("assert", "check", "-", "--as-country", "DE", stdin=none)
    assert (refused.exit_code, german.exit_code) == (1, 0)
    one = run("assert", "hcp", "--permission", "PRD-006").stdout
    assert one.count(":hl7:permission:PRD-006") == 1
    assert "PRD-003" not in one


def test_certificates_are_listed_and_wrong_ones_made(run: Run, tmp_path: Path) -> None:
    listed = run("certs", "--format", "json")
    rows = json.loads(listed.stdout)["certificates"]
    assert [(r["country"], r["use"]) for r in rows[:3]] == [
        ("NO", "server"), ("NO", "client"), ("NO", "seal")]  # fmt: skip
    assert run("certs", "--country", "SE", "--variant", "expired").exit_code == 0
    folder = tmp_path / "home" / "certs" / "SE-expired"
    issued = run("assert", "hcp", "--seal", str(folder / "seal.pem"),
                 "--key", str(folder / "seal.key")).stdout_bytes  # fmt: skip
    refused = run("assert", "check", "-", stdin=issued)
    assert refused.exit_code == 1
    assert "certificate-valid" in refused.stdout


def test_valid_certificates_are_kept_unless_new_ones_are_wanted(run: Run, tmp_path: Path) -> None:
    run("certs", "--country", "NO")
    folder = tmp_path / "home" / "certs" / "NO"
    first = certs.load(folder).seal.certificate
    run("certs", "--country", "NO")
    assert certs.load(folder).seal.certificate == first
    run("certs", "--country", "NO", "--new")
    assert certs.load(folder).seal.certificate != first


def test_the_variants_on_offer_are_those_that_can_be_made(run: Run) -> None:
    from ehds.cli.ncp.certs import VARIANTS

    assert tuple(certs.Variant) == VARIANTS


@pytest.mark.parametrize(("arguments", "told"), [
    (["assert", "trc", "-", "--patient", "12345"], "not clear which identifier of NO"),
    (["assert", "hcp", "--role", "999"], "no role of the exchange"),
    (["assert", "hcp", "--seal", "a.json"], "belong together"),
    (["assert", "hcp", "--attest", "a.json"], "a.json: this is no attest"),
    (["assert", "hcp", "--attest", "deep.json"], "deep.json: this is no attest"),
    (["certs", "--country", "ZZ"], "no country of the exchange"),
    (["certs", "--variant", "wrong-country", "--other-country", "ABC"], "two letters"),
    (["assert", "hcp", "--country", "XX"], "no country of the exchange"),
    (["certs", "--country", "Norway"], "no country of the exchange"),
    (["assert", "check", "a.json"], "not XML"),
    (["assert", "hcp", "--now", "noon"], "no time with its zone"),
])  # fmt: skip
def test_a_bad_input_is_told_without_a_traceback(
    run: Run, tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "deep.json").write_text('{"authorization_details":' * 900 + "1" + "}" * 900)
    result = run(*arguments, stdin=b"<x/>")
    assert result.exit_code == 2
    assert told in result.stderr
    assert not result.stdout
    assert "Traceback" not in result.stderr
