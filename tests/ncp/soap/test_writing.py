"""Assertions go into a message byte for byte, so that their signatures stay valid."""

from __future__ import annotations

import pytest
from lxml import etree

from data.errors import InputError
from ncp import soap
from tests.ncp.soap.samples import BODY, QUERY, SAML, TYPE

BODY_ELEMENT = etree.fromstring(BODY)
UNUSUAL = (
    # a default namespace, an unprefixed child out of it, a prefix that the envelope uses for
    # something else, single quotes, a comment and blanks inside tags
    f"<Assertion  xmlns='{SAML}' ID = 'a'><!-- c --><x xmlns=\"\" xmlns:env='urn:other'>"
    "<env:y>æ &amp; ø</env:y></x>\n\t<Z/></Assertion>"
).encode()


def test_the_bytes_of_an_assertion_stay_as_they_are():
    sent = soap.write(BODY_ELEMENT, action=QUERY, assertions=[UNUSUAL, b"<b:B xmlns:b='urn:b'/>"])
    assert UNUSUAL + b"<b:B xmlns:b='urn:b'/>" in sent


@pytest.mark.parametrize("before", [b'<?xml version="1.0" encoding="UTF-8"?>\n', b"\xef\xbb\xbf"])
def test_a_declaration_before_an_assertion_is_left_out(before):
    sent = soap.write(BODY_ELEMENT, action=QUERY, assertions=[before + UNUSUAL + b"\n"])
    assert UNUSUAL in sent
    assert before.strip() not in sent
    assert soap.read(sent, TYPE).security is not None


@pytest.mark.parametrize("bad", [b"", b"text", b"<!DOCTYPE a><a/>"])
def test_what_is_no_element_is_not_put_in_as_an_assertion(bad):
    with pytest.raises(ValueError, match="one XML element"):
        soap.write(BODY_ELEMENT, action=QUERY, assertions=[bad])


def canonical(element: etree._Element) -> bytes:
    """Exclusive C14N without comments: what the digest of an assertion covers."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def test_what_a_signature_covers_survives_the_way_through_a_message():
    """The namespace trap: a prefix or default that the envelope declares must not come in."""
    sent = soap.write(BODY_ELEMENT, action=QUERY, assertions=[UNUSUAL, UNUSUAL])
    read = soap.read(sent, TYPE)
    assert len(read.assertions) == 2
    for element in read.assertions:
        alone = etree.fromstring(etree.tostring(element, with_tail=False))
        assert canonical(alone) == canonical(etree.fromstring(UNUSUAL))


def test_a_character_that_xml_cannot_carry_is_told():
    with pytest.raises(InputError, match="U\\+0007"):
        soap.write(BODY_ELEMENT, action=QUERY, to="https://a\x07")


def test_markup_in_a_header_is_text():
    sent = soap.write(BODY_ELEMENT, action=QUERY, to="https://a/?x=1&y=<z>")
    assert soap.read(sent, TYPE).to == "https://a/?x=1&y=<z>"


def test_an_answer_says_what_it_answers_and_has_no_reply_address():
    sent = soap.write(BODY_ELEMENT, action=QUERY + "Response", relates_to="urn:uuid:1")
    read = soap.read(sent, TYPE, answer=True)
    assert (read.relates_to, read.reply_to, read.findings) == ("urn:uuid:1", "", ())
