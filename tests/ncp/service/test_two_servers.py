"""Two servers in one home: the end of one does not hide the other."""

from __future__ import annotations

import json
import socket
from contextlib import closing

import pytest

from ncp.service import starting
from ncp.service.starting import STATE, forget_home, tell_home


@pytest.fixture
def listening():
    made = []

    def listen() -> tuple[socket.socket, str]:
        made.append(socket.create_server(("127.0.0.1", 0)))
        return made[-1], f"https://localhost:{made[-1].getsockname()[1]}"

    yield listen
    for one in made:
        one.close()


def test_at_the_end_of_the_second_the_first_is_found_again(tmp_path, listening, monkeypatch):
    def url() -> str:
        return json.loads((tmp_path / STATE).read_text())["url"]

    def act(pid: int) -> None:
        monkeypatch.setattr(starting.os, "getpid", lambda: pid)

    (_, first), (gone, second), (_, third) = listening(), listening(), listening()
    for number, one in enumerate((first, second, third)):
        act(number)
        tell_home(tmp_path, one, "NO")
        assert url() == one
    act(1)
    gone.close()
    forget_home(tmp_path)  # the second: the word is that of the third by now
    assert url() == third
    act(2)
    forget_home(tmp_path)
    assert url() == first
    act(0)
    forget_home(tmp_path)
    assert not (tmp_path / STATE).exists()


@pytest.mark.parametrize("rest", ["[]", "{", '{"url": "https://[x"}', '{"url": 3}',
                                  '{"url": "https://localhost:99999"}'])  # fmt: skip
def test_what_a_server_left_that_was_killed_is_replaced(tmp_path, rest):
    with closing(socket.create_server(("127.0.0.1", 0))) as dead:
        port = dead.getsockname()[1]
    for content in (rest, json.dumps({"url": f"https://localhost:{port}", "pid": 1})):
        (tmp_path / STATE).write_text(content)
        tell_home(tmp_path, "https://localhost:1", "SE")
        assert "before" not in json.loads((tmp_path / STATE).read_text())
        forget_home(tmp_path)
        assert not (tmp_path / STATE).exists()
