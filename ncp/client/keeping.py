"""Keeping the messages of an exchange as files, and a command line that repeats it.

A contact point refuses a message id that it has seen; so the command line sends a twin of the
message with an id of its own.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from data.files import write_all
from ncp.client.message import Message
from ncp.client.partner import Partner
from ncp.client.transport import Reply

_WORDS = {"ITI-55": "identify", "ITI-38": "query", "ITI-39": "retrieve", "ITI-41": "submit"}


class Keeper:
    """Writes the messages of a run into a folder, numbered in their order.

    Args:
        folder: where to.
        partner: whom the command lines are for.
    """

    def __init__(self, folder: Path, partner: Partner) -> None:
        self._folder, self._partner = folder, partner
        self._number = 0
        self.commands: list[str] = []

    def keep(self, reply: Reply) -> None:
        """Write request, answer and twin of one exchange.

        Raises:
            InputError: the folder cannot be written.
        """
        self._number += 1
        stem = f"{self._number:02}-{_WORDS[reply.sent.transaction.name]}"
        content, kind = reply.sent.written
        twin = reply.sent.again()
        again = self._folder / f"{stem}-again{_ending(twin.written[1])}"
        heads = f"POST {reply.sent.to}\nContent-Type: {kind}\n\nHTTP {reply.status}\n" \
                f"Content-Type: {reply.content_type}\n"  # fmt: skip
        write_all({
            self._folder / f"{stem}-request{_ending(kind)}": content,
            self._folder / f"{stem}-response{_ending(reply.content_type)}": reply.content,
            self._folder / f"{stem}-headers.txt": heads.encode(),
            again: twin.written[0],
        })  # fmt: skip
        self.commands.append(curl(twin, again, self._partner))


def _ending(kind: str) -> str:
    return ".mime" if kind.lower().startswith("multipart/") else ".xml"


def curl(message: Message, file: Path, partner: Partner) -> str:
    """Return a command line of curl that sends a message from its file."""
    words = ["curl", "--silent", "--show-error", "--max-time", "120"]
    for option, path in (("--cacert", partner.ca), ("--cert", partner.certificate),
                         ("--key", partner.key)):  # fmt: skip
        if path:
            words += [option, str(path)]
    words += ["--header", f"Content-Type: {message.written[1]}", "--data-binary", f"@{file}",
              message.to]  # fmt: skip
    return shlex.join(words)
