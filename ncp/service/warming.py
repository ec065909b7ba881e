"""Makes documents ready in the background, so that the first who asks does not wait for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ips.identifiers import mask
from ncp.connector.base import NationalConnector

_log = logging.getLogger("ehds.ncp")


class Warming:
    """Lets a connector prepare itself while the server answers already.

    Args:
        connector: one with a method ``warm(going)`` is asked to prepare as long as ``going()``;
            others have nothing to prepare.
    """

    def __init__(self, connector: NationalConnector) -> None:
        self._warm: Callable[[Callable[[], bool]], None] | None = getattr(connector, "warm", None)
        self._over = threading.Event()

    def start(self) -> None:
        """Begin."""
        if self._warm is not None:
            threading.Thread(target=self._run, name="warming", daemon=True).start()

    def stop(self) -> None:
        """End after the document that is being made."""
        self._over.set()

    def _run(self) -> None:
        assert self._warm is not None
        try:
            self._warm(lambda: not self._over.is_set())
        except Exception as error:  # noqa: BLE001, RUF100 - a country's own code; it can wait
            _log.warning("documents are not prepared: %s", mask(f"{type(error).__name__}: {error}"))
