"""A contact point over a network is tested as a tester would; what does not answer is no result."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from data.errors import EnvironmentProblem
from data.results import Outcome
from gap.evidence import read
from gap.readiness.exchange import embedded
from gap.readiness.plan import Plan, Stage
from gap.readiness.running import run
from ncp.scenarios.loading import choose, shipped
from ncp.trust import certs
from tests.builders import ROOT, call, environment


@pytest.fixture(scope="module")
def point(tmp_path_factory):
    """A contact point in a process and a home of its own, which trusts Sweden's certificates."""
    home = tmp_path_factory.mktemp("country-a")
    ready = home / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "ehds", "ncp", "serve", "--home", str(home), "--port", "0",
         "--ready-file", str(ready)],
        cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not ready.is_file():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.05)
    certs.ensure(home / "certs" / "SE", "SE", now=dt.datetime.now(dt.UTC))
    yield home, json.loads(ready.read_text())["url"]
    process.kill()
    process.communicate(timeout=30)


@pytest.fixture
def asked(point, tmp_path):
    """What a tester gives: an address, our certificates, their authority, a folder."""
    home, url = point
    ours = tmp_path / "country-b"
    shutil.copytree(home / "certs" / "SE", ours / "certs" / "SE")
    return ["readiness", "--lang", "en", "--ncp-subject", "ncp-a", "--out", tmp_path / "out",
            "--ncp-a", url, "--home", ours, "--ca", home / "certs" / "ca" / "ca.pem"]  # fmt: skip


def test_a_contact_point_over_the_network_is_tested_and_its_evidence_holds(point, asked, tmp_path):
    given = [*asked, "--audit-a", point[0] / "store.db", "--only", "IDN-01", "--only", "AUD-0[13]"]
    done = call(*given)
    assert done.code == 0, done.err
    assert "Exchange: 3 units, 0 with faults or something missing; 3 run now" in done.out
    folder = tmp_path / "out" / "evidence"
    found = read([folder])
    assert {(r.subject, r.outcome) for r in found} == {("ncp-a", Outcome.PASS)}
    assert list((folder / "exchange" / "AUD-01").glob("*-audit-a.xml"))
    assert call("readiness", "verify", folder).code == 0
    again = call(*given, "--resume")
    assert "3 units, 0 with faults or something missing; 0 run now" in again.out


def test_without_the_audit_of_country_a_its_rules_are_not_shown(asked, tmp_path):
    done = call(*asked, "--only", "AUD-01")
    assert "Exchange: 1 units, 1 with faults" in done.out
    assert "AUD-01: " in done.out
    assert "there is no audit message" in done.out
    found = read([tmp_path / "out" / "evidence"])
    assert {r.outcome for r in found} <= {Outcome.PASS, Outcome.SKIP, Outcome.OMIT}


def test_certificates_that_it_does_not_trust_are_no_result_about_it(asked, tmp_path):
    shutil.rmtree(tmp_path / "country-b")
    certs.ensure(tmp_path / "country-b" / "certs" / "SE", "SE", now=dt.datetime.now(dt.UTC))
    done = call(*asked, "--only", "IDN-*")
    assert done.code == 3
    assert "does not trust the certificate of country B" in done.err
    assert not list((tmp_path / "out").glob("*"))


@contextmanager
def nobody():
    """A port of this machine on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"https://localhost:{taken.getsockname()[1]}"


def test_where_nobody_answers_it_says_so_and_what_to_do(asked, tmp_path):
    with nobody() as url:
        done = call(*asked, "--ncp-a", url, "--only", "IDN-01")
    assert done.code == 3
    assert "does not answer" in done.err
    assert "remedy: check the address" in done.err
    assert not (tmp_path / "out" / "evidence").exists()


@pytest.mark.parametrize(("more", "says"), [
    (["--ca", ROOT / "README.md"], "no certificate"),
    (["--audit-a", "nowhere"], "no such file"),
    (["--ncp-a", "http://example.org"], "without TLS"),
    (["--ncp-a", "https://ncp.example", "--reset"], "on this machine"),
    (["--ncp-a", "", "--ncp-subject", ""], "belongs to --ncp-a"),
    (["--only", "NOPE"], "no scenario fits"),
], ids=["ca", "audit", "address", "reset", "no-address", "only"])  # fmt: skip
def test_what_is_wrong_is_told_before_anything_runs(asked, tmp_path, more, says):
    done = call(*asked, "--only", "IDN-01", *more)
    assert done.code == 2
    assert says in done.err
    assert not (tmp_path / "out").exists()


def test_one_that_goes_away_gets_no_failure_and_what_was_done_stays(tmp_path):
    plan = Plan("1", dt.date(2026, 11, 20), ncp_a="https://elsewhere", ncp_subject="ncp-a")
    opened = embedded(plan)
    scenarios = choose(shipped(), ["IDN-01", "IDN-02", "PSA-01"])
    with nobody() as url:

        @contextmanager
        def goes_away():
            with opened() as target:
                live.append(target)
                yield target

        live = []

        def after(step):
            live[0].b.line.url = url

        folder = tmp_path / "evidence"
        with pytest.raises(EnvironmentProblem, match="does not answer"):
            run(plan, folder, [Stage.EXCHANGE], opened=goes_away, scenarios=scenarios, told=after)
    assert not folder.exists()
    ran = run(plan, folder, [Stage.EXCHANGE], opened=opened, scenarios=scenarios, resume=True)
    assert [(c.units, c.repeated, c.failed) for c in ran.counts] == [(3, 2, 0)]
