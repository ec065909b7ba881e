"""The command: starts, says where, ends in peace, and tells what is wrong with its options."""

from __future__ import annotations

import pytest
import requests

from tests.builders import run
from tests.ncp.portal.tester import Process


def test_it_serves_on_this_machine_until_it_is_ended(home):
    portal = Process(home, "portal", "--lang", "en", "--target", "DE=https://ncp.example:8443")
    session = requests.Session()
    session.trust_env = False
    page = session.get(portal.url, timeout=20)
    assert page.status_code == 200
    assert 'lang="en"' in page.text
    assert "Germany: https://ncp.example:8443" in page.text
    assert portal.end() == 0


@pytest.mark.parametrize(("options", "why"), [
    (["--target", "DE"], "names no contact point"),
    (["--target", "XX=https://a.example"], "no country of the exchange"),
    (["--country", "XX"], "no country of the exchange"),
])  # fmt: skip
def test_what_is_wrong_with_an_option_is_told(tmp_path, options, why):
    done = run("ncp", "portal", "--home", tmp_path, "--port", "0", *options)
    assert done.code == 2
    assert why in done.err
