"""Every message of each step: looked at as it went over the line, and downloaded."""

from __future__ import annotations

import io
import zipfile

from starlette.responses import Response

from ncp.portal.calls import Call, download, go

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""What zip can say at least; the files are of the moment of the exchange, which they tell."""


def messages(call: Call) -> Response:
    """List the steps, the last one first."""
    return call.page("messages", "messages", steps=list(reversed(call.desk.steps)))


def message(call: Call) -> Response:
    """Show one step with all its messages."""
    step = call.desk.step(call.values["number"])
    if step is None:
        return call.missing()
    return call.page("message", "messages", step=step, files=step.files())


def file(call: Call) -> Response:
    """Return one message of a step."""
    step = call.desk.step(call.values["number"])
    found = next((f for f in step.files() if f.name == call.values["name"]), None) if step else None
    if step is None or found is None:
        return call.missing()
    return download(f"{step.number:02}-{step.word}-{found.name}", found.content, found.media_type)


def archive(call: Call) -> Response:
    """Return all messages of a step as one file."""
    step = call.desk.step(call.values["number"])
    if step is None:
        return call.missing()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive_:
        for one in step.files():
            archive_.writestr(zipfile.ZipInfo(one.name, _EPOCH), one.content)
    return download(f"{step.number:02}-{step.word}.zip", stream.getvalue(), "application/zip")


def language(call: Call) -> Response:
    """Speak the other language from now on, and go back to where the tester was."""
    if call.said("to") in ("nb", "en"):
        call.desk.lang = call.said("to")
    back = call.said("back")
    # Only a path of ours: «//host» would lead elsewhere.
    return go(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
