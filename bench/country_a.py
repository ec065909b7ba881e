"""Country A for measuring, in a process of its own: as it is, or without looking at assertions.

``python -m bench.country_a HOME READY [--bare] [--workers N]``; the bare one shows what everything
but the trust costs, and exists only here.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from unittest import mock

from ncp import codes
from ncp.connector.records import Records
from ncp.model import HealthProfessional, PatientId
from ncp.service import point
from ncp.service.server import Place, bind, write_ready
from ncp.service.starting import serve, start
from ncp.trust.policy import role
from ncp.trust.verify import Trusted

PATIENT = PatientId(codes.FNR, "09926601137")
"""A sample patient with a patient summary."""
SWEDEN = "1.2.752.221.3.1.1"
DOCTOR = HealthProfessional(
    "user@hospital.se", "Astrid Testsson", role("221").coded, locality="Testsjukhuset",
    facility_type="Hospital", organization="Testsjukhuset",
    organization_id="urn:hl7ii:1.2.752:1", home_community=SWEDEN,
    permissions=role("221").permissions, country="SE",
)  # fmt: skip


def _believed(*_arguments: Any, **_more: Any) -> Trusted:
    return Trusted(DOCTOR, "_hcp", PATIENT, "TREATMENT", None, "", "", country="SE")


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("ready", type=Path)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    sock = bind(Place(port=0), tls=True, shared=asked.workers > 1)
    store = asked.home / ("bare.db" if asked.bare else "store.db")
    started = start(asked.home, "NO", Records.samples(), store=str(store))

    def run() -> None:
        serve(started, sock, tls=True, workers=asked.workers,
              ready=lambda url: write_ready(asked.ready, url))  # fmt: skip

    if asked.bare:
        with mock.patch.object(point, "verify", _believed):
            run()
    else:
        run()


if __name__ == "__main__":
    main()
