"""Reads FHIRPath (N1) into a tree of tuples."""

from __future__ import annotations

import re
from typing import Any

Tree = tuple[Any, ...]

TOKEN = re.compile(
    r"""\s*(?:
      (?P<datetime>@[0-9T:+.Z-]+)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<name>`[^`]+`|[A-Za-z_]\w*)
    | (?P<variable>%(?:`[^`]+`|'[^']+'|[\w-]+))
    | (?P<special>\$\w+)
    | (?P<operator><=|>=|!=|!~|[-+*/=<>~|&.,()\[\]{}])
    )""",
    re.VERBOSE,
)

PRECEDENCE: dict[str, int] = {
    "implies": 1,
    "or": 2,
    "xor": 2,
    "and": 3,
    "in": 4,
    "contains": 4,
    "=": 5,
    "~": 5,
    "!=": 5,
    "!~": 5,
    "<": 6,
    ">": 6,
    "<=": 6,
    ">=": 6,
    "|": 7,
    "is": 8,
    "as": 8,
    "+": 9,
    "-": 9,
    "&": 9,
    "*": 10,
    "/": 10,
    "div": 10,
    "mod": 10,
}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


class FhirPathSyntaxError(ValueError):
    """The expression is not FHIRPath."""


def tokens(text: str) -> list[tuple[str, str]]:
    """Split an expression into (kind, text) pairs."""
    found = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise FhirPathSyntaxError(f"unexpected {text[at : at + 10]!r}")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


def parse(text: str) -> Tree:
    """Parse an expression.

    Raises:
        FhirPathSyntaxError: with the place where reading stopped.
    """
    parser = _Parser(tokens(text))
    tree = parser.expression(0)
    if parser.at < len(parser.tokens):
        raise FhirPathSyntaxError(f"unexpected {parser.tokens[parser.at][1]!r}")
    return tree


class _Parser:
    def __init__(self, found: list[tuple[str, str]]) -> None:
        self.tokens = found
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise FhirPathSyntaxError("the expression ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, text: str) -> None:
        if self.take()[1] != text:
            raise FhirPathSyntaxError(f"{text!r} expected")

    def expression(self, floor: int) -> Tree:
        left = self.unary()
        while True:
            operator = self.peek()
            level = PRECEDENCE.get(operator, 0)
            if level <= floor:
                return left
            self.take()
            if operator in ("is", "as"):
                left = (operator, left, self.type_name())
            else:
                left = ("op", operator, left, self.expression(level))

    def unary(self) -> Tree:
        if self.peek() in ("-", "+"):
            sign = self.take()[1]
            return ("sign", sign, self.expression(10))
        return self.path()

    def path(self) -> Tree:
        left = self.term()
        while self.peek() in (".", "["):
            if self.take()[1] == ".":
                left = ("step", left, self.term())
            else:
                left = ("index", left, self.expression(0))
                self.expect("]")
        return left

    def term(self) -> Tree:
        kind, text = self.take()
        if kind == "number":
            return ("literal", float(text) if "." in text else int(text))
        if kind == "string":
            return ("literal", _unescape(text[1:-1]))
        if kind == "datetime":
            return ("literal", text[1:].removeprefix("T") if text[1] == "T" else text[1:])
        if kind == "variable":
            return ("variable", text[1:].strip("`'"))
        if kind == "special":
            return ("special", text[1:])
        if kind == "name":
            return self.named(text)
        if text == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if text == "{":
            self.expect("}")
            return ("empty",)
        raise FhirPathSyntaxError(f"unexpected {text!r}")

    def named(self, text: str) -> Tree:
        if text in ("true", "false"):
            return ("literal", text == "true")
        name = text.strip("`")
        if self.peek() != "(":
            return ("member", name)
        self.take()
        arguments = []
        if self.peek() != ")":
            arguments.append(self.expression(0))
            while self.peek() == ",":
                self.take()
                arguments.append(self.expression(0))
        self.expect(")")
        return ("call", name, arguments)

    def type_name(self) -> str:
        name = self.take()[1].strip("`")
        while self.peek() == ".":
            self.take()
            name = self.take()[1].strip("`")
        return name


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return re.sub(
        r"\\(u[0-9a-fA-F]{4}|.)",
        lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else ESCAPES.get(m[1], m[1]),
        text,
    )
