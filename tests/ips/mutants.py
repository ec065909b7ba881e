"""XML with something wrong in it: elements dropped, doubled, renamed, emptied or spoilt."""

from __future__ import annotations

import random

from lxml import etree

TEXTS = ("", "-1", "1e400", "NaN", "2026-02-30", "9" * 400, "<b>", "\u202e")
VALUES = ("", "-7", "99999", "NaN", "Døgn", "ÅÆØ", "1,5,5")


def mutated(content: bytes, seed: int) -> bytes:
    """Return a message or document with one to six such changes."""
    draw = random.Random(seed)
    root = etree.fromstring(content)
    for _ in range(draw.randint(1, 6)):
        elements = [e for e in root.iter(etree.Element) if e.getparent() is not None]
        if not elements:
            break
        one = draw.choice(elements)
        parent = one.getparent()
        assert parent is not None
        act = draw.randrange(7)
        if act == 0:
            parent.remove(one)
        elif act == 1:
            parent.append(etree.fromstring(etree.tostring(one, with_tail=False)))
        elif act == 2:
            one.tag = "{urn:strange}" + etree.QName(one).localname
        elif act == 3:
            for name in list(one.attrib):
                del one.attrib[name]
        elif act == 4:
            one.text = draw.choice(TEXTS)
        elif act == 5 and one.attrib:
            name = draw.choice(list(one.attrib))
            one.set(name, draw.choice(VALUES))
        else:
            one.tag = etree.QName(one).localname + "X"
    return etree.tostring(root)
