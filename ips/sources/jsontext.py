"""Reading JSON from strangers: bounded, one value a key, no NaN, and every fault with its place.

One fault is repaired, with a warning: a comma before a closing bracket, which real SFM answers
contain. Everything else that is not JSON (RFC 8259) is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from data.errors import InputError, Problem
from ips.identifiers import mask
from ips.xml import MAX_BYTES, check_size

MAX_DEPTH = 80
"""A FHIR resource nests about twenty deep; a bomb nests thousands."""
MAX_PARTS = 1_000_000
"""Objects and arrays of one document."""

_SIGN = re.compile(r'["\[\]{},]')
_REST_OF_STRING = re.compile(r'(?:[^"\\]|\\.)*+"', re.DOTALL)
_LARGEST_INTEGER = 2**63
# Controls, lone surrogates and non-characters: neither FHIR strings nor XML 1.0 can hold them.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class _Refused(ValueError):
    """A value that JSON writes but that no document may hold."""


def parse(content: bytes, *, name: str, limit: int = MAX_BYTES) -> tuple[Any, list[Problem]]:
    """Return the value of a JSON text, and warnings about what was repaired.

    Args:
        content: the text as it came, UTF-8.
        name: file name for error messages.
        limit: largest size in bytes.

    Raises:
        InputError: too large, too deep, not UTF-8, not JSON, a key that stands twice, a number
            that is none; the place is ``name:line:column``.
    """
    check_size(content, name, limit)
    text = _decode(content, name)
    commas = _survey(text, name)
    warnings = [
        Problem("a comma before a closing bracket was ignored", _place(name, text, at),
                rule="RFC 8259 has no trailing comma", remedy="have the sender correct it")
        for at in commas
    ]  # fmt: skip
    if commas:
        letters = list(text)
        for at in commas:
            letters[at] = " "
        text = "".join(letters)
    return _load(text, name), warnings


def _load(text: str, name: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float,
            parse_int=_integer,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        raise InputError(
            Problem(f"not valid JSON: {error.msg}", f"{name}:{error.lineno}:{error.colno}",
                    remedy="fetch the file again; it may be cut off or damaged")
        ) from None  # fmt: skip
    except _Refused as error:
        raise InputError(
            Problem(mask(str(error)), name, rule="RFC 8259 and FHIR R4 JSON")
        ) from None
    except RecursionError:
        raise InputError(Problem(f"nested more than {MAX_DEPTH} deep", name)) from None


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            Problem(f"byte {content[error.start]:#04x} is not UTF-8", f"{name}:{line}",
                    rule="JSON is UTF-8 (RFC 8259)", remedy="save the file as UTF-8")
        ) from None  # fmt: skip


def _survey(text: str, name: str) -> list[int]:
    """Walk the brackets once: refuse bombs, and note where a comma stands before a closing one."""
    depth = parts = 0
    commas: list[int] = []
    before: tuple[str, int] = ("", 0)
    for token, at in _tokens(text):
        if token in "[{":
            depth += 1
            parts += 1
            if depth > MAX_DEPTH or parts > MAX_PARTS:
                what = (f"nested more than {MAX_DEPTH} deep" if depth > MAX_DEPTH
                        else f"more than {MAX_PARTS} objects and lists")  # fmt: skip
                raise InputError(
                    Problem(what, _place(name, text, at),
                            remedy="check that this is one patient's file")
                )  # fmt: skip
        elif token in "]}":
            depth -= 1
            if before[0] == "," and not text[before[1] + 1 : at].strip():
                commas.append(before[1])
        before = (token, at)
    return commas


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield brackets, commas and opening quotes, each text skipped in one step (linear time)."""
    at = 0
    while match := _SIGN.search(text, at):
        yield match[0], match.start()
        at = match.end()
        if match[0] == '"':
            end = _REST_OF_STRING.match(text, at)
            if end is None:
                return  # the text never ends: the parser will say where it began
            at = end.end()


def _place(name: str, text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"{name}:{line}:{at - text.rfind(chr(10), 0, at)}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(f"the key «{key[:60]}» stands twice in one object")
        _check_text(key)
        _check_texts(value)
        found[key] = value
    return found


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _check_text(text: str) -> None:
    bad = _FORBIDDEN.search(text)
    if bad:
        raise _Refused(f"a text holds the forbidden character U+{ord(bad[0]):04X}")


def _constant(text: str) -> Any:
    raise _Refused(f"{text} is not a number in JSON")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"the number {text[:20]} is too large")
    return value


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= _LARGEST_INTEGER:
        raise _Refused(f"the number {text[:20]}… is too large")
    return int(text)
