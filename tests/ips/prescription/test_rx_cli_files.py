"""Files of ``ehds rx`` and ``ehds ips convert``: sources are spared, errors name the file."""

from __future__ import annotations

from pathlib import Path

import pytest

import data
from ehds.cli import run


@pytest.fixture
def message(tmp_path: Path) -> Path:
    made = tmp_path / "brand.xml"
    made.write_bytes(data.path("prescriptions", "brand.xml").read_bytes())
    return made


@pytest.fixture
def prescription(tmp_path: Path, message: Path) -> Path:
    made = tmp_path / "prescription.json"
    assert run(["-q", "rx", "build", str(message), "-o", str(made)]) == 0
    return made


def test_nothing_is_written_over_what_was_read(message: Path, prescription: Path, capsys) -> None:
    name, fhir = str(message), str(prescription)
    before = [message.read_bytes(), prescription.read_bytes()]
    supply = ["--package", "A", "--quantity", "1", "--pharmacy", "P", "--country", "SE"]
    for arguments in (
        ["rx", "build", name, "-o", name],
        ["rx", "build", name, "-o", f"{name}.json", "--loss", name],
        ["rx", "build", "brand", "--recall", name, "-o", name],
        ["rx", "dispense", fhir, *supply, "-o", fhir],
        ["ips", "convert", fhir, "--to", "cda", "-o", fhir],
    ):
        assert run(arguments) == 2, arguments
        assert "over what was read" in capsys.readouterr().err
    assert [message.read_bytes(), prescription.read_bytes()] == before
    assert not Path(f"{name}.json").exists()


def test_one_file_for_two_products_is_refused(message: Path, tmp_path: Path, capsys) -> None:
    both = str(tmp_path / "both.json")
    assert run(["rx", "build", str(message), "-o", both, "--loss", both]) == 2
    assert "two products" in capsys.readouterr().err
    assert not Path(both).exists()


@pytest.mark.parametrize("option", ["--recall", "--fest"])
def test_an_error_beside_the_message_names_the_file_that_was_given(
    message: Path, option: str, capsys
) -> None:
    assert run(["rx", "build", "substance", option, str(message)]) == 2
    assert str(message) in capsys.readouterr().err


def test_the_error_of_another_prescription_names_its_file(prescription, tmp_path, capsys) -> None:
    given = str(tmp_path / "dispensation.json")
    assert run(["-q", "rx", "dispense", str(prescription), "--package", "A", "--quantity", "1",
                "--pharmacy", "P", "--country", "SE", "--when", "2026-10-20T12:00:00+02:00",
                "-o", given]) == 0  # fmt: skip
    other = str(data.path("prescriptions", "substance.xml"))
    assert run(["rx", "report", given, "--prescription", other]) == 2
    assert other in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [("--package", " "), ("--pharmacy", ""), ("--country", "Sverige"),
     ("--product-code", "123456"), ("--pharmacy-id", "|7")],
    ids=["package", "pharmacy", "country", "code", "number"],
)  # fmt: skip
def test_a_dispensation_without_its_names_is_refused(prescription, option, value, capsys) -> None:
    given = {"--package": "A", "--quantity": "1", "--pharmacy": "P", "--country": "SE"}
    given[option] = value
    words = [part for pair in given.items() for part in pair]
    assert run(["rx", "dispense", str(prescription), *words]) == 2
    assert option in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{"resourceType": "Bundle"}', "this is not XML"), (b"%PDF-1.7", "this is not XML"),
     ("<a/>".encode("utf-16"), "utf-16")],
    ids=["json", "pdf", "utf-16"],
)  # fmt: skip
def test_what_is_no_xml_is_called_so(tmp_path: Path, content: bytes, said: str, capsys) -> None:
    file = tmp_path / "x.xml"
    file.write_bytes(content)
    assert run(["rx", "build", str(file)]) == 2
    assert said in capsys.readouterr().err
