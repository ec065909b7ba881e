"""A target that is not there is told at once, and what is given is judged before anything runs."""

from __future__ import annotations

import time

import pytest

from data.errors import EnvironmentProblem, InputError
from ncp.scenarios import profile
from ncp.scenarios.reaching import Reached, far, reach
from ncp.scenarios.sending import Line
from ncp.trust import certs

NOBODY = "https://localhost:1"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home folder with the certificates of Sweden."""
    made = tmp_path_factory.mktemp("sweden")
    certs.make(made / "certs" / "SE", "SE")
    return made


@pytest.fixture
def how(home) -> Reached:
    return Reached(profile.read(profile.shipped()), home)


def test_where_nobody_listens_it_is_told_at_once_with_what_to_do(how):
    began = time.monotonic()
    with pytest.raises(EnvironmentProblem) as told, far(NOBODY, "SE", how)():
        pytest.fail("there is no target")
    (problem,) = told.value.problems
    assert time.monotonic() - began < 5
    assert problem.where == NOBODY
    assert "refused" in problem.what.lower()
    assert "check the address" in problem.remedy


def test_a_contact_point_that_answers_is_a_target(norway):
    line = norway.target.b.line
    reach(line)
    how = Reached(norway.target.profile, line.credentials.home, line.ca)
    with far(line.url, "SE", how)() as target:
        assert target.b.line.url == line.url
        assert target.reset is None


def test_a_certificate_that_is_not_trusted_names_the_option(norway, home):
    line = norway.target.b.line
    with pytest.raises(EnvironmentProblem) as told:
        reach(Line(line.url, line.base, line.credentials, home / "certs" / "SE" / "ca.pem"))
    assert "certificate verify failed" in told.value.problems[0].what
    assert "--ca" in told.value.problems[0].remedy


@pytest.mark.parametrize(("url", "where"), [
    ("https://localhost:port", "--target"), ("https://[::1", "--target"),
    ("http://ncp.example", "--target"), ("localhost:8443", "--target"),
])  # fmt: skip
def test_what_is_no_address_is_input(how, url, where):
    with pytest.raises(InputError) as told:
        far(url, "SE", how)
    assert told.value.problems[0].where == where


def test_a_country_without_certificates_is_input(how, tmp_path):
    nowhere = far(NOBODY, "SE", Reached(how.profile, tmp_path))
    with pytest.raises(InputError, match="no certificate «SE»"), nowhere():
        pytest.fail("there is no target")
    with pytest.raises(InputError, match="no country of the exchange"):
        far(NOBODY, "ZZ", how)


@pytest.mark.parametrize("option", ["ca", "audit_a"])
def test_a_file_that_cannot_be_read_is_input_with_its_name(how, tmp_path, option):
    bad = tmp_path / "bin"
    bad.write_bytes(bytes(range(256)))
    with pytest.raises(InputError) as told:
        far(NOBODY, "SE", Reached(how.profile, how.home, **{
            option: bad if option == "ca" else str(bad)}))  # fmt: skip
    assert str(bad) in told.value.problems[0].where
