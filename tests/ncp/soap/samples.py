"""SOAP messages as different stacks write them, with the parts that tests vary."""

from __future__ import annotations

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
QUERY = "urn:ihe:iti:2007:CrossGatewayQuery"
TYPE = "application/soap+xml"

ACTION = f'<a:Action s:mustUnderstand="1">{QUERY}</a:Action>'
MESSAGE_ID = "<a:MessageID>urn:uuid:0b4f1a52-62c3-4b43-a2bb-9f0b13c27f5e</a:MessageID>"
BODY = '<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"/>'


def envelope(
    header: str = ACTION + MESSAGE_ID, body: str = f"<s:Body>{BODY}</s:Body>", soap: str = SOAP
) -> bytes:
    """Return an envelope of other prefixes than ours."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<s:Envelope xmlns:s="{soap}" xmlns:a="{WSA}">'
        f"<s:Header>{header}</s:Header>{body}</s:Envelope>"
    ).encode()


def security(*assertions: str, attributes: str = "") -> str:
    """Return a wsse:Security header around assertions."""
    return f'<w:Security xmlns:w="{WSSE}" {attributes}>{"".join(assertions)}</w:Security>'


def assertion(name: str) -> str:
    """Return an empty assertion with an ID."""
    return f'<saml2:Assertion xmlns:saml2="{SAML}" ID="{name}"/>'
