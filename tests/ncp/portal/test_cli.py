"""The command: starts, says where, ends in peace, and tells what is wrong with its options."""

from __future__ import annotations

import pytest
import requests

from ehds.cli import run
from tests.ncp.portal.tester import Process


def test_it_serves_on_this_machine_until_it_is_ended(home):
    portal = Process(home, "portal", "--lang", "en", "--target", "DE=https://ncp.example:8443")
    with requests.Session() as session:
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
    (["--target", "DE=https://a.example:port"], "no address of a contact point"),
    (["--cert", __file__, "--key", __file__], "no certificate in PEM form"),
    (["--ca", __file__], "no certificate in PEM form"),
], ids=["target", "no country", "country", "address", "cert", "ca"])  # fmt: skip
def test_what_is_wrong_with_an_option_is_told_at_the_start(tmp_path, capsys, options, why):
    assert run(["ncp", "portal", "--home", str(tmp_path), "--port", "0", *options]) == 2
    assert why in capsys.readouterr().err
