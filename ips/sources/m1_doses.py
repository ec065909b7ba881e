"""The structure of Forskrivning/Dosering (M1): which element says what of a phase and its doses.

The medication list (``ips.sources.m1``) and the prescription (``ips.prescription.dosing``) make
different FHIR of it; where everything stands is said here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ips.sources.element import Element


class Given(NamedTuple):
    """One dose that comes again, its elements unread.

    Attributes:
        node: DoseFastTidspunkt or DoseEtterBehov.
        as_needed: it is DoseEtterBehov.
        amount: Mengde.
        interval: Intervall.
        volume: Volum of Infusjonshastighet.
        volume_time: Tidsenhet of Infusjonshastighet.
    """

    node: Element
    as_needed: bool
    amount: Element
    interval: Element
    volume: Element
    volume_time: Element

    @property
    def moment(self) -> Element:
        """Tidsomrade: part of the day (8325)."""
        return self.node.child("Tidsomrade")

    @property
    def clock(self) -> Element:
        """Klokkeslett: time of day."""
        return self.node.child("Klokkeslett")

    @property
    def exactly(self) -> Element:
        """GisEksakt: the time is to be kept exactly."""
        return self.node.child("GisEksakt")

    @property
    def days(self) -> Sequence[Element]:
        """FasteUkedager: days of the week (9082)."""
        return self.node.child("FastDose").children("FasteUkedager")

    @property
    def on_and_off(self) -> tuple[Element, Element]:
        """DagerPa and DagerAv: so many days with and without."""
        rhythm = self.node.child("FastDose")
        if rhythm.element is None:
            return rhythm, rhythm
        return rhythm.child("DagerPa"), rhythm.child("DagerAv")

    @property
    def daily_maximum(self) -> Element:
        """DoseDognMaks: the most in a day."""
        return self.node.child("DoseDognMaks")

    @property
    def maximum(self) -> tuple[Element, Element]:
        """DoseTidsromMaks and Tidsrom: the most in a stretch of time."""
        return self.node.child("DoseTidsromMaks"), self.node.child("Tidsrom")

    @property
    def least_interval(self) -> Element:
        """DoseIntervallMin: the shortest time between two doses."""
        return self.node.child("DoseIntervallMin")


class Stretch(NamedTuple):
    """One Dosering: a stretch of time with its doses, those at fixed times first.

    Attributes:
        node: Dosering.
        rule: Doseringsregel, with DoseresEtter and Merknad.
        start: FHIR date, empty when not given.
        end: the same.
    """

    node: Element
    rule: Element
    start: str
    end: str

    def doses(self) -> Iterator[Given]:
        """Yield the doses."""
        for name, needed in (("DoseFastTidspunkt", False), ("DoseEtterBehov", True)):
            for node in self.node.children(name):
                rate = volume = time = node.child("Infusjonshastighet")
                if rate.element is not None:
                    volume, time = rate.child("Volum"), rate.child("Tidsenhet")
                yield Given(node, needed, node.child("Mengde"), node.child("Intervall"), volume,
                            time)  # fmt: skip


def stretches(prescribed: Element) -> Iterator[Stretch]:
    """Yield the phases of a Forskrivning in their order; wrong dates are faults."""
    for node in prescribed.children("Dosering"):
        yield Stretch(node, node.child("Doseringsregel"), node.date("Starttidspunkt"),
                      node.date("Sluttidspunkt"))  # fmt: skip


def on_and_off_words(on: Element, off: Element) -> str:
    """Return «3 dager på, 4 dager av»; empty when neither is given."""
    return f"{on.said} dager på, {off.said} dager av" if on.said or off.said else ""
