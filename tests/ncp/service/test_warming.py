"""Documents are made ready in the background; that it fails is no reason not to serve."""

from __future__ import annotations

import logging
import threading
import time

from ncp.service.warming import Warming


class Country:
    """A connector that prepares one thing after the other."""

    def __init__(self, *, broken: bool = False) -> None:
        self.prepared, self.broken, self.begun = 0, broken, threading.Event()

    def warm(self, going) -> None:
        self.begun.set()
        if self.broken:
            raise RuntimeError("register of 05865301555 is closed")
        while going():
            self.prepared += 1
            time.sleep(0.01)


def finished() -> bool:
    return not any(thread.name == "warming" for thread in threading.enumerate())


def wait() -> None:
    until = time.monotonic() + 10
    while not finished() and time.monotonic() < until:
        time.sleep(0.01)


def test_it_prepares_until_it_is_stopped():
    country = Country()
    warming = Warming(country)
    warming.start()
    assert country.begun.wait(10)
    warming.stop()
    wait()
    assert finished()


def test_a_connector_without_preparation_needs_none():
    warming = Warming(object())
    warming.start()
    warming.stop()
    assert finished()


def test_a_failure_is_logged_without_numbers(caplog):
    with caplog.at_level(logging.WARNING, "ehds.ncp"):
        Warming(Country(broken=True)).start()
        wait()
    assert "documents are not prepared" in caplog.text
    assert "05865301555" not in caplog.text


def test_the_samples_are_listed_beforehand(samples):
    left = iter([True, True, False])
    samples.warm(lambda: next(left))
