"""Folders of keys: written beside their place, moved there whole, readable by the owner only."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ncp.trust.keys import Signer


def write_signer(folder: Path, name: str, signer: Signer) -> None:
    """Write a certificate as ``name.pem`` and its key as ``name.key`` with mode 0600."""
    write_public(folder / f"{name}.pem", signer.certificate.public_bytes(Encoding.PEM))
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(key)


def write_public(file: Path, content: bytes) -> None:
    """Write a file that everybody may read."""
    file.write_bytes(content)
    file.chmod(0o644)


class Replaced:
    """A folder written beside its place and moved there whole; a broken run leaves nothing.

    Args:
        target: the folder.
        keep: what another process has put there meanwhile stays.
    """

    def __init__(self, target: Path, *, keep: bool = False) -> None:
        self._target, self._keep = target, keep

    def __enter__(self) -> Path:
        """Return the new folder to write into."""
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._fresh = Path(tempfile.mkdtemp(prefix=".certs-", dir=self._target.parent))
        return self._fresh

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Move it to its place when the block ended well."""
        try:
            if kind is None:
                self._move()
        finally:
            shutil.rmtree(self._fresh, ignore_errors=True)

    def _move(self) -> None:
        if self._target.exists() and not self._keep:
            old = Path(tempfile.mkdtemp(prefix=".old-", dir=self._target.parent))
            self._target.rename(old / "certs")
            shutil.rmtree(old)
        try:
            self._fresh.rename(self._target)
        except OSError:
            if not (self._keep and self._target.exists()):
                raise
