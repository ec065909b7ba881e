"""Messages with attachments: MIME parts as our writer and as other stacks make them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ncp import soap
from ncp.messages.attachments import content_of
from ncp.soap import SoapFault, mime
from tests.ncp.soap.samples import ACTION, MESSAGE_ID, QUERY, envelope

XDS = "urn:ihe:iti:xds-b:2007"
XOP = "http://www.w3.org/2004/08/xop/include"
DOCUMENT = f"{{{XDS}}}Document"


def body(*contents: bytes) -> etree._Element:
    root = etree.Element(f"{{{XDS}}}Set", nsmap={"xds": XDS})
    for content in contents:
        etree.SubElement(root, DOCUMENT).text = base64.b64encode(content).decode()
    return root


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=3))
def test_documents_come_out_as_they_went_in(contents):
    message, kind = soap.write_mtom(body(*contents), action=QUERY, message_id="urn:uuid:1")
    read = soap.read(message, kind)
    assert [content_of(d, read.attachments) for d in read.body.iter(DOCUMENT)] == contents
    assert len(read.attachments) == len(contents)


@pytest.mark.parametrize(
    "content", [b"", b"\r\n", b"\n--", b"\r", b"--MIMEBoundary", b"a\r\n\r\nb"]
)
def test_line_ends_at_the_edge_of_a_part_stay(content):
    message, kind = soap.write_mtom(body(content), action=QUERY, message_id="urn:uuid:1")
    read = soap.read(message, kind)
    assert list(read.attachments.values()) == [content]


def test_the_given_body_stays_as_it_is():
    given_body = body(b"hei")
    before = etree.tostring(given_body)
    soap.write_mtom(given_body, action=QUERY)
    assert etree.tostring(given_body) == before


def message(*, include: str = "cid:d%40x", part_id: str = "<d@x>", encoding: str = "binary",
            content: bytes = b"<x/>", end: bytes = b"\r\n") -> bytes:  # fmt: skip
    inner = (
        f'<p:Document xmlns:p="{XDS}"><i:Include xmlns:i="{XOP}" href="{include}"/></p:Document>'
    )
    root = envelope(ACTION + MESSAGE_ID, f"<s:Body>{inner}</s:Body>")
    lines = [
        b"preamble that nobody reads",
        b"--uuid:1",
        b'Content-Type: application/xop+xml; charset=UTF-8;\r\n type="application/soap+xml"',
        b"Content-ID: <root@x>", b"", root,
        b"--uuid:1  ",
        b"content-type: text/xml", b"CONTENT-TRANSFER-ENCODING: " + encoding.encode(),
        b"Content-Id: " + part_id.encode(), b"", content,
        b"--uuid:1--", b"epilogue",
    ]  # fmt: skip
    return end.join(lines)


KIND = (
    'Multipart/Related; boundary="uuid:1"; type="application/xop+xml"; start="<root@x>"; '
    f'start-info="application/soap+xml"; action="{QUERY}"'
)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("binary", b"<x/>"), ("8bit", b"<x/>"), ("base64", b"PHgv\r\nPg=="),
     ("quoted-printable", b"<x=2F>")],
)  # fmt: skip
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_parts_of_other_stacks_are_read(encoding, content, end):
    read = soap.read(message(encoding=encoding, content=content, end=end), KIND)
    assert content_of(read.body, read.attachments) == b"<x/>"


def test_without_a_start_the_first_part_is_the_envelope():
    read = soap.read(message(), KIND.replace(' start="<root@x>";', ""))
    assert read.action == QUERY


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        (message(), KIND.replace("root@x", "other@x")),
        (message(), 'multipart/related; type="application/xop+xml"'),
        (message(), KIND.replace("uuid:1", "uuid:2")),
        (message().replace(b"--uuid:1--", b""), KIND),
        (message(part_id=""), KIND),
        (message(encoding="base64", content=b"!!"), KIND),
        (message(encoding="x-unknown"), KIND),
    ],
)
def test_a_broken_multipart_message_is_the_senders_fault(changed, kind):
    with pytest.raises(SoapFault) as caught:
        soap.read(changed, kind)
    assert caught.value.code == "Sender"


def test_an_include_that_points_nowhere_is_a_fault():
    read = soap.read(message(include="cid:other"), KIND)
    with pytest.raises(SoapFault, match="not there"):
        content_of(read.body, read.attachments)


def test_text_that_is_not_base64_is_a_fault():
    element = etree.fromstring("<Document>not base64!</Document>")
    with pytest.raises(SoapFault, match="base64"):
        content_of(element, {})


def test_too_many_parts_are_refused():
    part = b"--b\r\n\r\nx\r\n"
    with pytest.raises(SoapFault, match="more than"):
        mime.split(part * (mime.MAX_PARTS + 5) + b"--b--", "b")


def test_a_flood_of_parts_is_not_taken_apart():
    flood = b"--b\r\n\r\nx\r\n" * 1000 + b"--b--"
    with pytest.raises(SoapFault, match="more than 100 parts"):
        mime.split(flood, "b")
    kept = b"--b\r\n\r\nx\r\n" * mime.MAX_PARTS + b"--b--"
    assert len(mime.split(kept, "b")) == mime.MAX_PARTS
