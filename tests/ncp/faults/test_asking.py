"""How faults are asked for: words, limits, the header of one request, and every error code."""

from __future__ import annotations

import pytest
import requests

from data.errors import InputError
from ncp.faults.hooks import FaultHooks
from ncp.faults.plan import Plan, requested
from ncp.faults.table import OPERATIONS, faults, listing, parse
from ncp.model import Operation
from ncp.tables import errors


def test_a_fault_is_read_in_all_its_parts():
    (one,) = parse(["latency=2.5@ps-list,ep-list*3"])
    assert (one.name, one.value, one.left) == ("latency", "2.5", 3)
    assert one.where == {Operation.PS_LIST, Operation.EP_LIST}
    assert listing([one]) == "latency=2.5"


def test_a_limited_fault_strikes_so_often_and_only_where_it_shall():
    (one,) = parse(["reset@ps-list*2"])
    assert not one.strikes(Operation.EP_LIST)
    assert [one.strikes(Operation.PS_LIST) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(("spec", "says"), [
    ("nonsense", "there is no fault"), ("reset=3", "takes no value"),
    ("latency=soon", "no number of seconds"), ("latency=601", "no number of seconds"),
    ("truncated=1.5", "no whole number"), ("error=ERROR_NOPE", "no error code"),
    ("reset@dance", "no operation"),
    ("double-dispensing@ps-list", "holds for every operation"), ("LATENCY!", "is no fault"),
])  # fmt: skip
def test_what_is_not_understood_is_told(spec, says):
    with pytest.raises(InputError, match=says):
        parse([spec])


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InputError) as caught:
        parse(["nonsense", "reset@dance"])
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("code", list(errors()))
def test_every_error_code_can_be_asked_for(code):
    hooks = FaultHooks(Plan(parse([f"error={code}"])))
    for operation in OPERATIONS.values():
        refusal = hooks.refuse(operation)
        assert refusal is not None
        assert refusal.code == code


def test_the_faults_of_a_request_count_instead_of_those_of_the_server():
    plan = Plan(parse(["reset"]))
    with requested(parse(["latency=1"])):
        assert [f.name for f in plan.now()] == ["latency"]
    assert [f.name for f in plan.now()] == ["reset"]


def send(norway, header: str):
    line = norway.target.b.line
    session = line._session("")
    return session.post(line.service("XCA_Service"), b"<x/>", timeout=10, headers={
        "Content-Type": "application/soap+xml", "X-EHDS-Fault": header})  # fmt: skip


def test_a_header_that_is_not_understood_is_told(norway):
    answer = send(norway, "nonsense")
    assert answer.status_code == requests.codes.bad_request
    assert "there is no fault" in answer.text


def test_a_header_gives_one_request_a_fault(norway):
    import ncp.scenarios.sending as sending

    (one,) = norway.run("PSA-01")
    asked = one.exchanges[0]
    line = norway.target.b.line
    session = line._session("")
    for header, expected in (("error=ERROR_PS_GENERIC", b"ERROR_PS_GENERIC"), ("", b"")):
        answer = session.post(
            asked.url, asked.request.replace(asked.asked.message_id.encode(), _fresh()),
            timeout=10, headers={"Content-Type": asked.request_type, "X-EHDS-Fault": header},
        )  # fmt: skip
        assert expected in answer.content
    assert sending.NONE == "none"


def _fresh() -> bytes:
    import uuid

    return f"urn:uuid:{uuid.uuid4()}".encode()


def test_every_fault_has_two_languages_and_a_source():
    for known in faults().values():
        assert known.nb, known.name
        assert known.en, known.name
        assert known.source, known.name
        assert parse([known.proof])[0].name == known.name
