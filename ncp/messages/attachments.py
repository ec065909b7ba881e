"""The bytes of a document in a message: base64 in place, or a part that XOP points to.

Source: W3C XOP 1.0, 4.2 (Interpreting XOP Packages).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from lxml import etree

from ncp.codes import XOP
from ncp.soap.faults import SoapFault
from ncp.soap.mime import cid

_INCLUDE = f"{{{XOP}}}Include"


def content_of(element: etree._Element | None, attachments: Mapping[str, bytes]) -> bytes:
    """Return the content of a ``Document`` element.

    Args:
        element: the element; None is an empty document.
        attachments: parts by content id.

    Raises:
        SoapFault: a part that is not there, or text that is not base64.
    """
    if element is None:
        return b""
    include = element.find(_INCLUDE)
    if include is not None:
        name = cid(include.get("href", ""))
        if name not in attachments:
            raise SoapFault("Sender", "an xop:Include points to a part that is not there")
        return attachments[name]
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise SoapFault("Sender", "a Document is not valid base64") from None
