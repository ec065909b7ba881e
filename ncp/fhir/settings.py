"""Who may use the FHIR interfaces besides what certificates say: EHR systems, a shared secret.

They lie in the home folder of the exchange: ``fhir/clients.json`` (as this module writes it) and
``fhir/secret`` (the key of HS512, if a portal uses one). ``fhir/base`` has the public address of
the server, where others reach it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from data.errors import InputError, Problem
from data.files import write_all
from data.loaders.tables import read_bytes

SCOPES = (
    "system/Patient.rs", "system/DocumentReference.rs", "system/DocumentReference.cu",
    "system/Bundle.r", "system/Binary.r",
)  # fmt: skip
"""What an EHR system can be allowed (SMART App Launch 2.2, system scopes)."""
_FOLDER, _CLIENTS, _SECRET, _BASE = "fhir", "clients.json", "secret", "base"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered EHR system: its public keys (JWK) and what it may ask for."""

    id: str
    keys: tuple[Mapping[str, Any], ...]
    scopes: frozenset[str]


@dataclass(frozen=True)
class Settings:
    """What the interfaces are told beforehand.

    Attributes:
        base: public address of the server (``https://ncp.example``); empty takes it from the
            connection.
        secret: key of HS512 tokens; empty where none is agreed.
        clients: EHR systems by id.
    """

    base: str = ""
    secret: bytes = field(default=b"", repr=False)
    clients: Mapping[str, Client] = field(default_factory=dict)


def load(home: Path) -> Settings:
    """Read what lies in the home folder; nothing there is a server that knows no EHR system.

    Raises:
        InputError: a file that cannot be read as what it should be.
    """
    folder = home / _FOLDER
    return Settings(_said(folder / _BASE).decode("utf-8", "replace"), _said(folder / _SECRET),
                    _clients(folder / _CLIENTS))  # fmt: skip


def _said(file: Path) -> bytes:
    return read_bytes(file).strip() if file.is_file() else b""


def register(home: Path, identity: str, scopes: Sequence[str] = SCOPES) -> Path:
    """Register an EHR system with a new key (P-384) and return the file of its private key.

    Args:
        home: home folder of the exchange.
        identity: client id.
        scopes: what it may ask for.

    Raises:
        InputError: the file of the clients is damaged, or a scope is not offered.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not identity.replace("-", "").replace(".", "").isalnum():
        raise InputError(
            Problem(f"«{', '.join(unknown) or identity}» cannot be registered", "client",
                    rule=f"an id of letters, digits, - and .; scopes: {' '.join(SCOPES)}")
        )  # fmt: skip
    folder = home / _FOLDER
    known = dict(_clients(folder / _CLIENTS))
    key = ec.generate_private_key(ec.SECP384R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    public |= {"kid": f"{identity}-1", "alg": "ES384", "use": "sig"}
    known[identity] = Client(identity, (public,), frozenset(scopes))
    file = folder / f"{identity}.key"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(0o600)
    file.write_bytes(pem)
    write_all({folder / _CLIENTS: _written(known)})
    return file


def _written(clients: Mapping[str, Client]) -> bytes:
    rows = [{"client_id": one.id, "jwks": {"keys": [dict(k) for k in one.keys]},
             "scope": " ".join(sorted(one.scopes))} for one in clients.values()]  # fmt: skip
    said = {"schema": "ehds.fhir-clients/1", "clients": rows}
    return json.dumps(said, indent=2).encode() + b"\n"


def _clients(file: Path) -> dict[str, Client]:
    if not file.is_file():
        return {}
    try:
        rows = json.loads(read_bytes(file))["clients"]
        return {
            str(row["client_id"]): Client(str(row["client_id"]), tuple(row["jwks"]["keys"]),
                                          frozenset(str(row["scope"]).split()))
            for row in rows
        }  # fmt: skip
    except (ValueError, KeyError, TypeError):
        raise InputError(
            Problem("this is no list of EHR systems", str(file),
                    rule='{"clients": [{"client_id", "jwks": {"keys": [...]}, "scope"}]}',
                    remedy="register them anew")
        ) from None  # fmt: skip
