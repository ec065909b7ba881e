"""Showing documents of anyone: all that is there, nothing that can do harm, never a traceback."""

from __future__ import annotations

import json
import re
import tarfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from ips.cda.read import to_fhir
from ips.cda.write import to_cda
from ips.prescription import build as prescribe
from ips.prescription import build_dispensation
from ips.prescription.samples import samples as messages
from ips.show import narrative_lines, text_lines, view
from ips.summary import build
from reports.clinical import page
from reports.clinical.narrative import safe_narrative
from tests.ips.summary import samples

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def document(profile: str = "eps", lang: str = "en") -> dict[str, Any]:
    built = build(samples.full_record(), profile=profile, lang=lang, now=samples.NOW)
    copied: dict[str, Any] = json.loads(json.dumps(built.bundle))
    return copied


def shown(bundle: dict[str, Any], lang: str = "en") -> str:
    return "\n".join(text_lines(view(bundle, lang)))


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_a_clinician_reads_the_same_facts_from_both_formats(profile: str) -> None:
    text = shown(document(profile))
    for fact in ("Tine Prøvesen", "16 May 1983", "Anaphylaxis", "Difficult intubation",
                 "Cardiac pacemaker", "Renal dialysis", "13.5 g/dL", "Systolic", "1 Apr 2027",
                 "Avgrensning av livsforlengende", "influenza", "by the patient"):  # fmt: skip
        assert fact in text, fact


def test_alerts_and_allergies_stand_before_everything_else() -> None:
    text = shown(document())
    heads = [line for line in text.splitlines() if line.isupper()]
    assert heads[:2] == ["ALERTS", "ALLERGIES AND INTOLERANCES"]


def test_control_and_direction_characters_do_not_reach_the_terminal() -> None:
    bundle = document()
    bundle["entry"][0]["resource"]["title"] = "x\x1b[2J\u202e\x07y"
    bundle["entry"][1]["resource"]["name"] = [{"text": "A\x1b]0;evil\x07"}]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown(bundle))


def test_an_entry_that_is_not_there_is_said_and_not_skipped() -> None:
    bundle = document()
    bundle["entry"][0]["resource"]["section"][0]["entry"].append({"reference": "urn:uuid:gone"})
    assert "is not in the document" in shown(bundle)


def test_an_entry_of_a_wrong_shape_is_said_and_not_skipped() -> None:
    bundle = document()
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "AllergyIntolerance":
            entry["resource"]["code"] = "penicillin"
    assert "cannot be shown" in shown(bundle)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_shape_of_a_document_breaks_showing_it(data: st.DataObject) -> None:
    bundle = document()
    entry = data.draw(st.sampled_from(bundle["entry"]))["resource"]
    node: Any = entry
    for _ in range(data.draw(st.integers(0, 5))):
        keys = list(node) if isinstance(node, dict) else range(len(node))
        if not keys:
            break
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(node[key], dict | list) or data.draw(st.booleans()):
            node[key] = data.draw(JUNK)
            break
        node = node[key]
    try:
        assert shown(bundle)
        assert page(bundle)
    except InputError:
        assert not any(
            isinstance(e["resource"], dict) and e["resource"].get("resourceType") == "Composition"
            for e in bundle["entry"]
        )


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(InputError, match="Composition"):
        view({"resourceType": "Patient"})


def test_the_page_runs_nothing_and_loads_nothing() -> None:
    html = page(document())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    for tag, attributes in Tags(html).found:
        assert tag not in {"script", "iframe", "img", "link", "object", "form"}
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
        if tag == "a":
            assert (attributes["href"] or "").startswith("#")


def test_the_page_is_built_for_assistive_technology() -> None:
    # The sender's own table, one click away, has no caption of ours.
    found = Tags(re.sub("<details>.*?</details>", "", page(document()), flags=re.S)).found
    tags = [tag for tag, _ in found]
    assert dict(found)["html"] == {"lang": "en"}
    assert tags.count("h1") == tags.count("main") == 1
    assert tags.count("table") == tags.count("caption")
    assert all(a.get("scope") in ("col", "row") for t, a in found if t == "th")
    ids = [a["id"] for _, a in found if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a in found if "aria-labelledby" in a} <= set(ids)
    assert any(a.get("lang") == "nb" for t, a in found if t == "span")


HOSTILE = [
    "<script>alert(1)</script>", '<p onclick="x()">a</p>', '<a href="javascript:x()">a</a>',
    '<img src="http://evil/x.png"/>', "<svg><script>x</script></svg>", "<style>*{}</style>",
    '<div style="position:fixed">a</div>', '<table><tr><td colspan="9999">a</td></tr></table>',
    "<iframe>x</iframe>", "<!-- --><b>a</b>", "<p>&#x3C;script&#x3E;</p>", "<broken",
    "<p>&evil;</p>",
    "<math><mi>x</mi></math>", "<unknown-tag>a</unknown-tag>", "<noscript><p>a</p></noscript>",
]  # fmt: skip


@pytest.mark.parametrize("inner", HOSTILE)
def test_a_hostile_narrative_is_written_anew(inner: str) -> None:
    safe = str(safe_narrative(f"<div {XHTML}>{inner}</div>"))
    allowed = {"div", "p", "table", "tr", "td", "b", "br"}
    for tag, attributes in Tags(safe).found:
        assert tag in allowed
        assert attributes == {}


def test_a_narrative_keeps_its_words_and_the_shape_of_its_tables() -> None:
    div = f'<div {XHTML}>a<table><tr><td colspan="2">b<!--x-->c</td></tr></table><x>d</x>e</div>'
    assert str(safe_narrative(div)) == (
        '<div>a<table><tr><td colspan="2">bc</td></tr></table>de</div>'
    )
    assert list(narrative_lines(div)) == ["a", "bc", "de"]


@pytest.mark.oracle
def test_documents_of_others_can_be_read(oracles: Path) -> None:
    name = "hl7.fhir.eu.eps#1.0.0-xtehr.tgz"
    with tarfile.open(oracles / "fhir-packages" / name) as package:
        for member in package.getmembers():
            if "/Bundle-" in member.name:
                stream = package.extractfile(member)
                assert stream is not None
                bundle = json.load(stream)
                text = shown(bundle)
                assert "cannot be shown" not in text
                assert page(bundle)


@pytest.mark.parametrize("form", ["pivot", "friendly"])
def test_a_prescription_in_cda_shows_its_medicine_dose_and_amount(form: str) -> None:
    bundle = prescribe(messages()["brand"].path.read_bytes()).bundle
    text = shown(to_fhir(to_cda(bundle, form=form, level=3).xml).bundle)  # type: ignore[arg-type]
    for fact in ("PRESCRIPTION", "A10AE04", "Dosage: 18", "Quantity: 2", "Repeats: 2",
                 "Valid until: 5 Oct 2027", "Status: active"):  # fmt: skip
        assert fact in text, fact


def test_prescriptions_without_a_document_are_shown() -> None:
    text = shown(prescribe(messages()["list.m96"].path.read_bytes()).bundle)
    assert text.count("Quantity:") == 3
    assert "Prescription: " in text
    assert "Resept: " in shown(prescribe(messages()["brand"].path.read_bytes()).bundle, "nb")


def test_a_dispensation_shows_what_was_given_out() -> None:
    text = shown(build_dispensation(messages()["package.m10"].path.read_bytes()).bundle)
    assert "DISPENSATION" in text
    assert re.search(r"Quantity: \d", text)


def test_an_entry_in_a_strange_section_says_what_it_is_about() -> None:
    bundle = document()
    sections = bundle["entry"][0]["resource"]["section"]
    medicines, problems = (
        next(s for s in sections if s["code"]["coding"][0]["code"] == code)
        for code in ("10160-0", "11450-4")
    )
    medicine = medicines["entry"][0]
    known = shown(document()).split("\nMEDIC")[1].splitlines()[1]
    problems["entry"].append(medicine)
    strange = {"system": "http://loinc.org", "code": "99999-9"}
    sections.append({"title": "Unheard of", "entry": [medicine], "code": {"coding": [strange]}})
    text = shown(bundle)
    assert known.strip().startswith("•")
    assert text.count(known) == 3
    assert "Status:" in text.split("UNHEARD OF")[1]
