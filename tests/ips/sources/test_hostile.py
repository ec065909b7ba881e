"""Input that is broken or hostile: a clear error with its place, in bounded time and memory."""

from __future__ import annotations

import pytest

from data.errors import InputError
from ips import sources, xml
from ips.sources import jsontext
from tests.ips.sources.samples import NUMBER, allergy, entry, medication_list, searchset, to_bytes


def refused(content: bytes, name: str = "file.json") -> str:
    """Read, expect a refusal, and return all of it as one text."""
    with pytest.raises(InputError) as caught:
        sources.read_any(content, name)
    return "\n".join(line for problem in caught.value.problems for line in problem.lines())


def test_entities_and_document_types_are_refused_before_parsing() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    assert "document type" in refused(bomb, "m25.xml")
    hidden = b"<?xml version='1.0'?><!-- x --><!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>"
    assert "m25.xml:1" in refused(hidden, "m25.xml")


def test_an_encoding_that_could_hide_a_document_type_is_refused() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x><x/>'
    assert refused(text.encode("utf-16"), "m25.xml")
    assert "utf-7" in refused(b'<?xml version="1.0" encoding="utf-7"?><x/>', "m25.xml")


def test_a_declaration_that_lies_about_utf_8_is_told_with_its_line() -> None:
    assert "m25.xml:2" in refused(b'<?xml version="1.0" encoding="UTF-8"?>\n<x>\xe6</x>', "m25.xml")


def test_latin_1_is_read_when_it_is_declared() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><x>æ</x>'
    assert xml.parse(text.encode("iso-8859-1"), name="x").text == "æ"


@pytest.mark.parametrize("cut", [1, 40, 400, 900])
def test_truncated_xml_has_its_line(cut: int) -> None:
    content = medication_list(entry("1")).encode()[:-cut]
    assert "m25.xml:1" in refused(content, "m25.xml")


def test_deep_xml_and_json_are_refused() -> None:
    assert refused(b"<a>" * 100_000, "deep.xml")
    assert "deep" in refused(b"[" * 100_000)
    assert "deep" in refused(b'{"a":' * 100_000)


@pytest.mark.parametrize("written", ["<a>{}</a>", "<a b='{}'/>"])
def test_a_text_over_ten_megabytes_is_told_in_plain_words(written: str) -> None:
    content = written.format("x" * 10_500_000).encode()
    with pytest.raises(InputError) as caught:
        xml.parse(content, name="a.xml")
    (problem,) = caught.value.problems
    assert "longer than 10 MB" in problem.what
    assert "apart from the document" in problem.remedy
    assert "HUGE" not in " ".join(problem.lines())


def test_too_deep_is_told_in_plain_words() -> None:
    assert "256 deep" in refused(b"<a>" * 300 + b"</a>" * 300, "deep.xml")


def test_a_caller_may_allow_more_elements_than_one_message_has() -> None:
    content = b"<a>" + b"<b/>" * xml.MAX_ELEMENTS + b"</a>"
    with pytest.raises(InputError, match="more than 10000 elements"):
        xml.parse(content, name="a.xml")
    root = xml.parse(content, name="a.xml", elements=xml.MAX_ELEMENTS + 1)
    assert len(root) == xml.MAX_ELEMENTS


def test_a_text_that_never_ends_takes_linear_time() -> None:
    assert "JSON" in refused(b'["' + b'\\"' * 2_000_000)


def test_a_file_over_the_limit_is_refused_unread() -> None:
    assert "MiB" in refused(b'{"a":"' + b"x" * (xml.MAX_BYTES + 1) + b'"}')
    assert "MiB" in refused(b"<a>" + b"x" * xml.MAX_BYTES + b"</a>", "big.xml")


def test_a_million_small_things_are_refused() -> None:
    assert "more than" in refused(b"[" + b"{}," * 1_000_001 + b"{}]")
    wide = b"<LegemidlerIBruk>" + b"<x/>" * 20_000 + b"</LegemidlerIBruk>"
    assert "more than" in refused(wide, "wide.xml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b'{"a":1e999}', "too large"),
        (b'{"a":123456789012345678901234567890}', "too large"),
        (b'{"a":"\\ud800"}', "U+D800"),
        (b'{"a":"\\u0000"}', "U+0000"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b'{"a":', "JSON"),
        (b"{'a':1}", "JSON"),
        (b"", "empty"),
        (b"   ", "empty"),
        (b'"text"', "single value"),
        (b"{}", "neither FHIR nor"),
        (b'{"resourceType":5}', "resourceType"),
        (b'{"resourceType":"Bundle","entry":7}', "a list was expected"),
        (b'{"resourceType":"Bundle","entry":[{"resource":"x"}]}', "FHIR resource was expected"),
        (b"\x00\x01\x02", "JSON"),
    ],
)
def test_json_that_is_none_or_no_fhir(text: bytes, said: str) -> None:
    assert said in refused(text)


def test_a_comma_before_a_bracket_is_repaired_with_a_warning_and_only_that() -> None:
    value, warnings = jsontext.parse(b'{"a": [1, 2,\n], "b": ", ]",}', name="x.json")
    assert value == {"a": [1, 2], "b": ", ]"}
    assert [w.where for w in warnings] == ["x.json:1:12", "x.json:2:14"]
    with pytest.raises(InputError):
        jsontext.parse(b"[1,,2]", name="x.json")


def test_a_foreign_xml_message_is_named() -> None:
    message = '<MsgHead><MsgInfo><Type V="ERM1" DN="Resept"/></MsgInfo></MsgHead>'
    assert "ERM1" in refused(message.encode(), "m1.xml")


def test_all_faults_come_at_once_and_lenient_reads_on() -> None:
    bad = allergy(recordedDate="2023-02-30", criticality="terrible", onsetDateTime="2023-13-01")
    content = searchset(bad)
    text = refused(content)
    assert text.count("AllergyIntolerance[0]") == 3
    assert "there is no such day" in text
    source = sources.read_any(content, "file.json", lenient=True)
    assert len(source.warnings) == 3
    assert "recordedDate" not in source.resources[-1]


def test_wrong_check_digits_are_an_error_and_a_warning_when_lenient() -> None:
    wrong = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
    content = searchset(allergy(patient={"identifier": {"system": "FNR", "value": wrong}}))
    assert "check digits" in refused(content)
    assert wrong not in refused(content)
    lenient = sources.read_any(content, "file.json", lenient=True)
    assert any("check digits" in w.what for w in lenient.warnings)


def test_identity_numbers_never_stand_in_errors() -> None:
    content = to_bytes({"resourceType": "Patient", "id": NUMBER, "birthDate": NUMBER})
    assert NUMBER not in refused(content, f"{NUMBER}.json")


def test_two_patients_in_one_file_are_refused() -> None:
    second = allergy(patient={"identifier": {"system": "FNR", "value": "13717404089"}})
    assert "more than one patient" in refused(searchset(allergy(), second))


def test_an_unknown_resource_type_is_reported_not_lost() -> None:
    content = searchset(allergy(), {"resourceType": "Invoice", "id": "i1", "status": "issued"})
    source = sources.read_any(content, "critical-information.json")
    assert any("Invoice" in w.what for w in source.warnings)
    assert any(item.element == "Invoice[0]" for item in source.loss.items)
