"""Reads the Official Journal text: which paragraphs, subparagraphs and points each article has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Address = tuple[str, ...]
"""A place in the law: article or annex, then paragraph, point, subparagraph (``sub 2``)."""

_POINT = re.compile(r"\(([a-z]{1,4})\)|\((\d+)\)")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_ORDINAL = {"first": 1, "second": 2, "third": 3, "fourth": 4}


@dataclass
class Regulation:
    """The addresses that exist, and the text of each article and annex."""

    addresses: set[Address] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)


def read(file: Path) -> Regulation:
    """Return the structure of the regulation."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    law = Regulation()
    blocks: dict[str, list[str]] = {}
    current = ""
    for line in lines:
        head = re.fullmatch(r"Article (\d+)|(ANNEX [IV]+)", line)
        if head:
            current = head[1] or head[2].replace("ANNEX", "Annex")
            blocks[current] = []
        elif re.match(r"(CHAPTER|SECTION) [IVX\d]+|Done at|ELI:", line):
            current = ""
        elif current and line and line != ";":
            blocks[current].append(line)
    for name, block in blocks.items():
        law.texts[name] = "\n".join(block)
        law.addresses.add((name,))
        law.addresses |= set(_annex(name, block) if name[0] == "A" else _article(name, block[1:]))
    return law


def _article(name: str, block: list[str]) -> Iterator[Address]:
    """Yield the addresses of an article: numbered paragraphs, or ``par n`` where there are none."""
    numbered = any(re.match(r"1\. ", line) for line in block)
    paragraph: Address = (name,)
    pars = subs = 0
    letter, roman, content = "", 0, False
    for line in block:
        point = _POINT.fullmatch(line)
        if point:
            content = True
            if point[2]:
                place: Address = (f"point {point[2]}",)
            elif _follows(letter, point[1]):
                letter, roman = point[1], 0
                place = (letter,)
            else:
                assert point[1] == _ROMAN[roman], f"{name}: ({point[1]}) after ({letter})"
                roman += 1
                place = (letter, point[1])
            yield (*paragraph, *place)
            if not numbered:
                yield (name, *place)
            continue
        if content:
            content = False
            continue
        start = re.match(r"(\d+)\. ", line)
        if start and numbered:
            paragraph, subs, letter = (name, start[1]), 1, ""
            yield paragraph
        elif numbered:
            subs += 1
        else:
            pars, subs, letter = pars + 1, 1, ""
            paragraph = (name, f"par {pars}")
            yield paragraph
        yield (*paragraph, f"sub {subs}")


def _follows(letter: str, new: str) -> bool:
    """Whether a point is the next letter (z, aa, ab); otherwise it is a roman number under it."""
    if not letter:
        return new == "a"
    after = "aa" if letter == "z" else letter[:-1] + chr(ord(letter[-1]) + 1)
    return new == after


def _annex(name: str, block: list[str]) -> Iterator[Address]:
    """Yield the addresses of an annex; a list that starts at 1 again runs under its number."""
    major, element = "", 0
    yield (name, "first par")
    for line in block:
        number = re.match(r"(\d+(?:\.\d+)?)\.(?: |$)", line)
        point = _POINT.fullmatch(line)
        if number and number[1] == str(element + 1) and (element or major == "1"):
            element += 1
            yield (name, major, number[1])
        elif number:
            major, element = number[1], 0
            yield (name, major)
        elif point and point[1]:
            yield (name, major, point[1])


def expand(ref: str) -> list[Address]:
    """Return every address that a reference of the catalogue names.

    ``Art 62(1) second; 62(3)`` names two places, ``Art 2(a)-(c)`` three.
    """
    if ref.startswith("Annex"):
        match = re.fullmatch(r"(Annex [IV]+)(?:\((\d+)\))? ?(.*)", ref)
        assert match, ref
        rest = [match[2]] if match[2] else []
        if match[3]:
            rest += [match[3]] if match[3] == "first par" else re.findall(r"[\d.]+|[a-z]", match[3])
        return [(match[1], *rest)]
    found: list[Address] = []
    for piece in ref.split(";"):
        match = re.fullmatch(r"\s*(?:Art )?(\d+)(.*)", piece)
        assert match, ref
        found += _expand_article(match[1], match[2].strip())
    return found


def _expand_article(article: str, rest: str) -> list[Address]:
    ordinals = "|".join(_ORDINAL)
    rest = re.sub(rf"^({ordinals}) par", lambda m: f"par {_ORDINAL[m[1]]}", rest)
    subs: list[str] = []
    tail = re.search(rf" ({ordinals})(?:-({ordinals}))?$", rest)
    if tail:
        first, last = _ORDINAL[tail[1]], _ORDINAL[tail[2] or tail[1]]
        subs = [f"sub {n}" for n in range(first, last + 1)]
        rest = rest[: tail.start()]
    heads: list[Address] = [(article,)]
    start = re.match(r"(par|point) (\d+)(?:-(\d+))?", rest)
    if start:
        numbers = range(int(start[2]), int(start[3] or start[2]) + 1)
        heads = [(article, f"{start[1]} {n}") for n in numbers]
        rest = rest[start.end() :].strip()
    for group in re.findall(r"\([^)]+\)(?:[-,]\([^)]+\))*", rest):
        names = re.findall(r"\(([^)]+)\)", group)
        if "-" in group:
            names = _between(*names)
        heads = [(*head, name) for head in heads for name in names]
    return [(*head, sub) for head in heads for sub in subs] if subs else heads


def _between(first: str, last: str) -> list[str]:
    """Return a range of numbers, roman numbers or letters."""
    if first.isdecimal():
        return [str(n) for n in range(int(first), int(last) + 1)]
    if first in _ROMAN and last in _ROMAN:
        return list(_ROMAN[_ROMAN.index(first) : _ROMAN.index(last) + 1])
    return [chr(c) for c in range(ord(first), ord(last) + 1)]
