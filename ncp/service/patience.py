"""An event loop that waits only so long for the handshake of TLS.

Who connects and says nothing holds memory and a descriptor before anything of ours sees the
connection; asyncio waits a minute, and the server library has no setting for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

HANDSHAKE_SECONDS = 10.0


class Impatient(asyncio.SelectorEventLoop):
    """Ends a connection whose TLS handshake takes longer than ``HANDSHAKE_SECONDS``."""

    async def create_server(self, *args: Any, **more: Any) -> asyncio.Server:
        """Open a server as asyncio does, with the limit where it speaks TLS."""
        if more.get("ssl"):
            more.setdefault("ssl_handshake_timeout", HANDSHAKE_SECONDS)
        return await super().create_server(*args, **more)
