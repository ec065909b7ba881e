"""What people of country B type: without options beside ``ehds ncp serve``, and what they see."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ncp.client.texts import _texts, meaning, refusal_lines, text
from ncp.model import Refusal
from ncp.tables import errors, reasons
from tests.ncp.client.answering import FNR
from tests.ncp.trust.test_attest import ATTEST

pytestmark = pytest.mark.slow
MRSA = "09926601137"
OPEN = "14739502226"
"""A patient with one prescription that is dispensed in one go."""
WHEN = "2026-11-22T12:00:00Z"
"""A moment in the validity of the sample prescriptions."""
UNKNOWN = f"{FNR}^{MRSA[:-1]}8"


def test_a_sample_patient_is_identified_without_any_option(run) -> None:
    told = run("identify", "--patient", "mrsa")
    assert told.code == 0
    assert "Djerv Skistavtrinse, mann, født 1966-12-09" in told.text
    assert f"{FNR}^{MRSA}" in told.text
    assert told.err == ""


def test_the_words_are_english_when_asked(run) -> None:
    assert "Norway knows 1 patient" in run("identify", "--patient", "mrsa", "--lang", "en").text


def test_json_is_one_document_with_a_schema(run) -> None:
    for command in ("identify", "query", "retrieve"):
        told = run(command, "--patient", "mrsa", "--format", "json")
        assert (told.code, told.json["given"]) == (0, True)
        assert told.json["schema"] == f"ehds.ncp-{command}/1"


def test_a_wrong_number_is_refused_here_before_it_is_sent(run) -> None:
    told = run("identify", "--id", UNKNOWN)
    assert told.code == 2
    assert "check digits" in told.err
    assert MRSA[:-1] not in told.err


def test_a_wrong_number_is_sent_when_it_is_wanted(run) -> None:
    told = run("identify", "--id", UNKNOWN, "--unchecked")
    assert told.code == 1
    assert "ERROR_PI_INCORRECT_FORMATTING: Pasientnummeret har ikke" in told.err


def test_a_refusal_says_its_code_what_it_means_and_leaves_with_1(run) -> None:
    told = run("identify", "--patient", "difficult-airway", "--lang", "en")
    assert told.code == 1
    assert "WARNING_PI_NO_CONSENT: The patient has not agreed to the service" in told.err
    plain = run("query", "--patient", "mrsa", "--role", "2262", "--format", "json")
    assert plain.code == 1
    assert plain.json["refusals"][0]["code"] == "4703"
    assert plain.json["given"] is False


def test_a_summary_is_kept_as_it_came_translated_as_fhir_and_as_a_page(run, tmp_path) -> None:
    told = run("retrieve", "--patient", "mrsa", "--out", "got")
    assert told.code == 0
    names = {p.name.removeprefix("patient-summary.") for p in (tmp_path / "got").iterdir()}
    assert names == {"xml", "nb.xml", "fhir.json", "html", "check.json"}
    page = (tmp_path / "got" / "patient-summary.html").read_text()
    assert "Legemidler" in page
    assert "script" not in page.lower().replace("description", "").replace("prescript", "")
    assert json.loads((tmp_path / "got" / "patient-summary.fhir.json").read_bytes())["type"] == (
        "document")  # fmt: skip
    assert MRSA not in "".join(p.name for p in (tmp_path / "got").iterdir())


def test_without_a_folder_the_summary_is_shown(run) -> None:
    told = run("retrieve", "--patient", "mrsa")
    assert "LEGEMIDLER" in told.text
    assert "Identitetsnummer" in told.text


def test_a_document_is_fetched_by_its_id_without_a_list(run) -> None:
    entry = run("query", "--patient", "mrsa", "--format", "json").json["entries"][0]
    told = run("retrieve", "--id", f"{FNR}^{MRSA}", "--document", entry["unique_id"],
               "--format", "json")  # fmt: skip
    assert told.code == 0
    assert told.json["documents"][0]["unique_id"] == entry["unique_id"]
    missing = run("retrieve", "--id", f"{FNR}^{MRSA}", "--document", "2.25.404")
    assert missing.code == 1


def test_a_prescription_is_dispensed_reported_and_taken_back(run, tmp_path) -> None:
    assert run("retrieve", "--patient", "end-of-life", "--kind", "ep", "--out", "no").code == 1
    assert not (tmp_path / "no").exists()
    assert run("retrieve", "--patient", OPEN, "--kind", "ep", "--out", "rx").code == 0
    done = run("dispense", "rx/eprescription.xml", "--package", "Test 1", "--quantity", "1",
               "--when", WHEN, "-o", "ed.xml")  # fmt: skip
    assert done.code == 0
    assert "Norge har tatt imot utleveringen" in done.text
    assert "ed.xml" in done.err
    back = run("discard", "ed.xml", "--format", "json")
    assert (back.code, back.json["status"]) == (0, "Success")
    again = run("discard", "ed.xml")
    assert again.code == 1
    assert "ERROR_ED_DISCARD_FAILED: Utleveringen kunne ikke trekkes tilbake" in again.err


def test_what_the_prescription_forbids_is_not_sent(run) -> None:
    run("retrieve", "--patient", OPEN, "--kind", "ep", "--out", "rx")
    told = run("dispense", "rx/eprescription.xml", "--package", "Test", "--quantity", "0")
    assert told.code == 2
    assert "no amount to dispense" in told.err
    word = run("dispense", "rx/eprescription.xml", "--package", "Test", "--quantity", "many")
    assert word.code == 2
    odd = run("dispense", "rx/eprescription.xml", "--package", "Te\x01st", "--quantity", "1")
    assert (odd.code, "--package: there is a control character" in odd.err) == (2, True)


def test_a_file_that_is_no_prescription_says_so(run, tmp_path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    assert run("dispense", "note.txt", "--package", "X", "--quantity", "1").code == 2
    assert run("discard", "note.txt").code == 2
    run("retrieve", "--patient", OPEN, "--kind", "ep", "--out", "rx")
    told = run("discard", "rx/eprescription.xml")
    assert told.code == 2
    assert "rx/eprescription.xml: this is no eDispensation but an ePrescription" in told.err
    assert run("discard", "absent.xml").code == 2


@pytest.mark.parametrize("mtom", [(), ("--mtom",)])
def test_a_written_message_is_sent_as_it_is(run, mtom) -> None:
    if not mtom:
        written = run("request", "identify", "--patient", "mrsa")
        sent = run("send", "-", stdin=written.out)
        assert (written.code, sent.code) == (0, 0)
        assert b"PRPA_IN201306UV02" in sent.out
        repeated = run("send", "-", stdin=written.out)
        assert repeated.code == 1
        assert "SOAP-SENDER" in repeated.err
        return
    run("retrieve", "--patient", "multidose", "--kind", "ep", "--out", "rx")
    prescription = next(Path("rx").glob("eprescription*.xml"))
    written = run("request", "dispense", str(prescription), "--package", "X", "--quantity", "1",
                  "--when", WHEN, *mtom)  # fmt: skip
    sent = run("send", "-", stdin=written.out)
    assert written.out.startswith(b"--")
    assert (sent.code, sent.err.count("HTTP 200")) == (0, 1)


def test_a_message_can_be_written_when_nobody_runs(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("EHDS_NCP_HOME", str(tmp_path / "nobody"))
    told = run("request", "query", "--patient", "mrsa", "--kind", "ep", "-o", "q.xml",
               "--show-curl")  # fmt: skip
    assert told.code == 0
    assert told.text.startswith("curl ")
    assert run("send", "q.xml").code == 3
    assert run("identify", "--patient", "mrsa").code == 3


def test_what_is_no_message_is_not_sent_without_a_service(run) -> None:
    assert run("send", "-", stdin=b"hello").code == 2
    nothing = run("send", "-", stdin=b" \n")
    assert (nothing.code, "standard input: there is no message" in nothing.err) == (2, True)
    told = run("send", "-", "--transaction", "ITI-55", stdin=b"hello")
    assert told.code == 1
    assert "SOAP-SENDER" in told.err


def test_messages_are_kept_with_a_command_line_that_asks_again(run, tmp_path) -> None:
    told = run("identify", "--patient", "mrsa", "--raw", "raw", "--curl")
    assert told.code == 0
    assert {p.name for p in (tmp_path / "raw").iterdir()} == {
        "01-identify-request.xml", "01-identify-response.xml", "01-identify-headers.txt",
        "01-identify-again.xml",
    }  # fmt: skip
    line = next(line for line in told.err.splitlines() if line.startswith("curl "))
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    answer = subprocess.run(line, shell=True, capture_output=True, check=True, cwd=tmp_path)
    assert b"Skistavtrinse" in answer.stdout
    assert run("identify", "--patient", "mrsa", "--curl").code == 2


def test_where_nothing_can_be_kept_nothing_is_sent(run, tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    run("request", "identify", "--patient", "mrsa", "-o", "i.xml")
    before = run("journal").text
    assert run("identify", "--patient", "mrsa", "--raw", "file/raw").code == 2
    assert run("send", "i.xml", "-o", "file/answer.xml").code == 2
    assert run("journal").text == before


def test_a_norwegian_attest_asks_as_norway(run, tmp_path) -> None:
    (tmp_path / "attest.json").write_text(json.dumps(ATTEST))
    assert run("query", "--patient", "mrsa", "--attest", "attest.json").code == 0
    journal = run("journal", "--side", "B", "--limit", "1").text
    assert "(NO)" in journal
    (tmp_path / "attest.json").write_text("{")
    assert run("query", "--patient", "mrsa", "--attest", "attest.json").code == 2


def test_assertions_made_elsewhere_are_used(run) -> None:
    run("assert", "hcp", "--name", "Elsewhere Testesen", "-o", "hcp.xml")
    assert run("query", "--patient", "mrsa", "--assertion", "hcp.xml").code == 0
    assert "Elsewhere Testesen" in run("journal", "--side", "B", "--limit", "1").text


def test_a_permission_beside_those_of_the_role_opens_what_it_is_for(run) -> None:
    asked = ("query", "--patient", "mrsa", "--kind", "ep", "--role", "221")
    assert run(*asked).code == 1
    assert run(*asked, "--permission", "PRD-004").code == 0


def test_every_exchange_is_in_the_journal_unless_it_is_not_wanted(run) -> None:
    def count() -> int:
        return len(run("journal", "--side", "B", "--format", "json").json["entries"])

    before = count()
    run("identify", "--patient", "mrsa", "--no-journal")
    assert count() == before
    run("identify", "--patient", "mrsa")
    assert count() == before + 2  # the identity that was issued, and what it was used for


@pytest.mark.parametrize("arguments", [
    ("identify",), ("query", "--patient", "no-such-sample"), ("identify", "--id", "x"),
    ("identify", "--patient", "mrsa", "--seal", __file__),
    ("identify", "--patient", "mrsa", "--country", "XX"),
    ("identify", "--patient", "mrsa", "--role", "999"),
    ("identify", "--patient", "mrsa", "--assertion", __file__),
    ("identify", "--patient", "mrsa", "--url", "http://ncp.example"),
    ("identify", "--patient", "mrsa", "--url", "https://localhost:port"),
    ("identify", "--patient", "mrsa", "--ca", __file__),
    ("identify", "--patient", "mrsa", "--cert", __file__, "--key", __file__),
    ("identify", "--patient", "mrsa", "--key", __file__),
])  # fmt: skip
def test_wrong_use_is_told_with_its_remedy(run, arguments) -> None:
    told = run(*arguments)
    assert told.code == 2
    assert "Error" in told.err
    assert "Traceback" not in told.err
    if arguments[-1] == __file__ and arguments[-2] != "--seal":
        assert __file__ in told.err


def test_every_text_is_there_in_both_languages() -> None:
    for key, found in _texts().items():
        assert found["nb"], key
        assert found["en"], key
    assert text("listed.head", "en", number=2, country="Norway") == "2 document(s) in Norway"


def test_every_norwegian_meaning_is_of_a_code_that_exists() -> None:
    known = set(errors()) | {"SOAP-SENDER"}
    ours = {key.removeprefix("error.") for key in _texts() if key.startswith("error.")}
    assert ours <= known


def test_every_code_of_the_exchange_and_every_reason_has_a_norwegian_meaning() -> None:
    # The codes of HL7 (syntax, routing) are about messages, not for professionals.
    hl7 = ("NS", "SYN", "RT", "INTERR", "NOSTORE")
    missing = [code for code in errors() if f"error.{code}" not in _texts()]
    assert [code for code in missing if not code.startswith(hl7)] == []
    assert {reason.code for reason in reasons().values()} == {
        key.removeprefix("reason.") for key in _texts() if key.startswith("reason.")}  # fmt: skip


def test_a_code_with_text_behind_it_has_its_meaning() -> None:
    # OpenNCP 9 answers «ERROR_GENERIC_DOCUMENT_MISSING : ...» (ITI-39).
    assert meaning("ERROR_GENERIC_DOCUMENT_MISSING : no file", "nb") == "Dokumentet finnes ikke"
    assert meaning("ERROR_GENERIC_DOCUMENT_MISSING:x", "en").startswith("The document")
    assert meaning("nothing-known", "nb") == ""


def test_a_number_in_the_answer_is_masked_when_it_is_told() -> None:
    lines = "\n".join(refusal_lines(Refusal("4703", f"patient {MRSA}", location=MRSA), "nb"))
    assert MRSA not in lines
    assert "09*********" in lines
