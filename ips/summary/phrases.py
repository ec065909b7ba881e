"""Clinical values in words: concepts, quantities, times, doses, each with its original text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, NamedTuple

from ips.summary.systems import ATC, EDQM, EUROPEAN, ICD10, LOINC, NORWEGIAN, SNOMED, UCUM
from ips.summary.tables import words
from ips.terms import label


class Phrase(NamedTuple):
    """A piece of text for people.

    Attributes:
        text: what it says.
        lang: language of the text where it is not that of the document (``nb``), else empty.
        original: what the source wrote, where the text is a translation of it, else empty.
    """

    text: str
    lang: str = ""
    original: str = ""


Cell = tuple[Phrase, ...]
EMPTY: Cell = ()


@cache
def _word_cells(lang: str) -> Mapping[str, Cell]:
    """Return every word of a language as a cell of its own."""
    return {key: (Phrase(word),) for key, word in words(lang).items()}


@lru_cache(maxsize=10_000)
def _day(day: str, lang: str) -> str:
    """Return a FHIR date in words; empty when it is none."""
    parts = day.split("-")
    if not all(part.isdigit() for part in parts) or len(parts) > 3:
        return ""
    if lang == "nb":
        return ".".join(reversed(parts))
    if len(parts) == 1:
        return parts[0]
    month, names = int(parts[1]), words(lang)["month"].split()
    name = names[month - 1] if 1 <= month <= 12 else parts[1]
    return " ".join([*([str(int(parts[2]))] if len(parts) == 3 else []), name, parts[0]])


def _translated(codings: Any) -> str:
    """Return the English name of the first national code that has one; empty when none has."""
    for coding in codings:
        system = str(coding.get("system", ""))
        if system.startswith(NORWEGIAN):
            name = _english_name(system, str(coding.get("code", "")))
            if name:
                return name
    return ""


@lru_cache(maxsize=10_000)
def _english_name(system: str, code: str) -> str:
    return label(system, code, "en") or ""


def _national(codings: Any) -> str:
    """Return the name that a national code carries; empty when none does."""
    for coding in codings:
        if str(coding.get("system", "")).startswith(NORWEGIAN) and coding.get("display"):
            return str(coding["display"])
    return ""


def _display(codings: Any) -> str:
    return next((c["display"] for c in codings if c.get("display")), "")


def _bare_code(codings: Any) -> str:
    return str(codings[0].get("code", "")) if codings else ""


_NAMES = {ATC: "ATC", ICD10: "ICD-10", LOINC: "LOINC", SNOMED: "SNOMED CT"}


def _code_beside(codings: Any) -> str:
    """Return the first European code in brackets, for text that nobody abroad can read."""
    for coding in codings:
        name = _NAMES.get(coding.get("system", ""))
        if name and coding.get("code"):
            return f" [{name} {coding['code']}]"
    return ""


class Speaker:
    """Puts values into words of one language.

    Args:
        lang: language of the document, ``nb`` or ``en``.
        source_lang: language of the sources' own texts; empty when it is not known.
    """

    def __init__(self, lang: str, source_lang: str = "nb") -> None:
        self.lang = lang
        self.words = words(lang)
        self.foreign = source_lang if source_lang != lang else ""
        self._cells = _word_cells(lang)

    def word(self, group: str, code: Any) -> Cell:
        """Return the word for a code, the code itself where there is none."""
        if not code:
            return EMPTY
        return self._cells.get(f"{group}.{code}") or (Phrase(str(code)),)

    def said(self, text: str | None) -> Cell:
        """Return what a source wrote, marked with its language."""
        return (Phrase(text, self.foreign),) if text else EMPTY

    def concept(self, element: dict[str, Any] | None) -> Cell:
        """Return a CodeableConcept: the source's words at home, the European display abroad."""
        if not element:
            return EMPTY
        codings = element.get("coding", ())
        text = element.get("text", "")
        if self.lang == "nb":
            said = (
                self._at_home(text, codings) or self._european(codings) or _display(codings)
                or _bare_code(codings)
            )  # fmt: skip
            return (Phrase(said),) if said else EMPTY
        european = self._european(codings)
        if european:
            other = self._at_home(text, codings)
            same = other.casefold() == european.casefold()
            return (Phrase(european, "", "" if same else other),)
        if text:
            said = self._at_home(text, codings)
            return (Phrase(said + _code_beside(codings), self.foreign),)
        said = _display(codings) or _bare_code(codings)
        return (Phrase(said),) if said else EMPTY

    @staticmethod
    def _at_home(text: str, codings: Any) -> str:
        """Return the source's words; the name of its code before a specification of it."""
        name = _national(codings)
        if not text or not name or name == text or name.casefold() in text.casefold():
            return text or name
        return f"{name}: {text}"

    def concepts(self, elements: Any) -> Cell:
        """Return several CodeableConcepts one after the other."""
        said = EMPTY
        for element in elements or ():
            said += self.concept(element)
        return said

    @staticmethod
    def _european(codings: Any) -> str:
        """Return the English name of a concept: a European code's, else that of a national code.

        An ATC code stands beside its name: ATC displays come from national registers in their
        language, while the code means the same everywhere.
        """
        for coding in codings:
            display = coding.get("display")
            if display and coding.get("system") in EUROPEAN:
                atc = f" [ATC {coding.get('code', '')}]" if coding["system"] == ATC else ""
                return f"{display}{atc}"
        return _translated(codings)

    def number(self, value: Any) -> str:
        """Return a number with the digits it came with and the decimal sign of the language."""
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            value = int(value)
        shown = format(value, "f") if isinstance(value, Decimal) else str(value)
        return shown.replace(".", ",") if self.lang == "nb" else shown

    def quantity(self, element: dict[str, Any] | None) -> str:
        """Return ``5,4 mmol/l``."""
        if not element:
            return ""
        unit = self._unit(element)
        if "value" not in element:
            return ""
        mark = element.get("comparator", "")
        return f"{mark}{self.number(element['value'])} {unit}".strip()

    def _unit(self, element: dict[str, Any]) -> str:
        """Return the unit: as it is written at home, by its European code abroad."""
        written, code = element.get("unit") or "", element.get("code") or ""
        if self.lang != "nb" and code and element.get("system") == EDQM:
            return label(EDQM, code, "en") or written or code
        if element.get("system") == UCUM and f"units.{code}" in self.words:
            return self.words[f"units.{code}"]
        return written or code

    def age(self, element: dict[str, Any] | None) -> str:
        """Return an Age as ``age 45 years``; a bare number would read as a span of time."""
        said = self.quantity(element)
        return f"{self.words['age']} {said}" if said else ""

    def interval(self, element: dict[str, Any] | None) -> str:
        """Return a Range as ``3,5–5,0 mmol/l``."""
        if not element:
            return ""
        low, high = element.get("low"), element.get("high")
        if low and high:
            unit = high.get("unit") or high.get("code") or ""
            return (
                f"{self.number(low.get('value', ''))}–{self.quantity(high)}"
                if unit
                else (f"{self.quantity(low)}–{self.quantity(high)}")
            )
        return f"≥ {self.quantity(low)}" if low else f"≤ {self.quantity(high)}" if high else ""

    def date(self, value: Any) -> str:
        """Return a FHIR date or dateTime: ``12.03.2024 kl. 14:30`` or ``12 Mar 2024 14:30``."""
        text = str(value)
        day, _, time = text.partition("T")
        shown = _day(day, self.lang)
        if not shown:
            return text
        return f"{shown} {time[:5]}" if time else shown

    def period(self, element: dict[str, Any] | None) -> str:
        """Return a Period as ``01.02.2024–`` or with both ends."""
        if not element:
            return ""
        start, end = element.get("start"), element.get("end")
        if start:
            return f"{self.date(start)}–{self.date(end) if end else ''}"
        return f"{self.words['until']} {self.date(end)}" if end else ""

    def when(self, resource: dict[str, Any], stem: str) -> Cell:
        """Return a choice of times (``onset``, ``effective``, ``performed`` ...) in words."""
        day = resource.get(f"{stem}DateTime")
        if day:
            return (Phrase(self.date(day)),)
        for form, say in (
            ("Period", self.period), ("Age", self.age), ("Range", self.interval),
            ("Instant", self.date),
        ):  # fmt: skip
            value = resource.get(stem + form)
            if value:
                return (Phrase(say(value)),)
        if resource.get(f"{stem}String"):
            return self.said(resource[f"{stem}String"])
        return (Phrase(self.words["unknown"]),) if f"_{stem}DateTime" in resource else EMPTY

    def notes(self, resource: dict[str, Any]) -> Cell:
        """Return the notes of a resource."""
        said = EMPTY
        for note in resource.get("note", ()):
            said += self.said(note.get("text"))
        return said

    def value(self, element: dict[str, Any]) -> Cell:
        """Return the value of an observation or of one of its components."""
        if "valueQuantity" in element:
            return (Phrase(self.quantity(element["valueQuantity"])),)
        for key, say in (
            ("valueRange", self.interval), ("valueDateTime", self.date),
            ("valuePeriod", self.period), ("valueTime", str), ("valueInteger", str),
            ("valueRatio", self.ratio),
        ):  # fmt: skip
            if key in element:
                return (Phrase(say(element[key])),)
        if "valueCodeableConcept" in element:
            return self.concept(element["valueCodeableConcept"])
        if "valueString" in element:
            return self.said(element["valueString"])
        if "valueBoolean" in element:
            return (Phrase({True: "✓", False: "–"}[bool(element["valueBoolean"])]),)
        return (Phrase(self.words["unknown"]),) if "dataAbsentReason" in element else EMPTY

    def ratio(self, element: dict[str, Any] | None) -> str:
        """Return a Ratio as ``500 mg / 1 ml``; a denominator of one is left out."""
        if not element:
            return ""
        top, bottom = self.quantity(element.get("numerator")), element.get("denominator") or {}
        unit = bottom.get("unit") or bottom.get("code") or ""
        if bottom.get("value") in (None, 1) and unit in ("", "1"):
            return top
        below = unit if bottom.get("value") in (None, 1) else self.quantity(bottom)
        return f"{top}/{below}"
