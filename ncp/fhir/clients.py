"""EHR systems that may ask at ``/ehr``: who they are, their public keys, and what they may do.

They are registered in ``fhir/clients.json`` of the home folder. A server that runs reads the file
again when it changes, so that whoever is removed is refused at once.

Source: SMART App Launch 2.2, client-confidential-asymmetric: registration by a JWK Set; RS384 with
RSA keys of 2048 bits or more, ES384 with P-384; every key has a ``kid``.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)

from data.errors import InputError, Problem
from data.files import write_all
from data.loaders.tables import read_bytes

SCOPES = (
    "system/Patient.rs", "system/DocumentReference.rs", "system/DocumentReference.cu",
    "system/Bundle.r", "system/Binary.r",
)  # fmt: skip
"""What an EHR system can be allowed (SMART App Launch 2.2, system scopes)."""
_FOLDER, _FILE = "fhir", "clients.json"
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members of a JWK that are secret (RFC 7518 6.2.2, 6.3.2, 6.4)."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
_SHORTEST_RSA = 2048
_LONGEST_KID = 100


@dataclass(frozen=True, slots=True)
class Client:
    """A registered EHR system: its public keys (JWK) and what it may ask for."""

    id: str
    keys: tuple[Mapping[str, Any], ...]
    scopes: frozenset[str]


class Registered(Mapping[str, Client]):
    """The EHR systems of a home folder, as they stand in the file now.

    Args:
        home: home folder of the exchange; without the file no EHR system is known.

    Raises:
        InputError: the file is no list of EHR systems.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / _FOLDER / _FILE
        self._lock = threading.Lock()
        self._stamp = self._changed()
        self._known = _read(self._file)

    def __getitem__(self, identity: str) -> Client:
        """Return an EHR system by its id."""
        return self._now()[identity]

    def __iter__(self) -> Iterator[str]:
        """Return the ids."""
        return iter(self._now())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._now())

    def _now(self) -> Mapping[str, Client]:
        with self._lock:
            stamp = self._changed()
            if stamp != self._stamp:
                # A file that cannot be read lets nobody in; the next change is read again.
                self._stamp, self._known = stamp, {}
                try:
                    self._known = _read(self._file)
                except InputError:
                    return self._known
            return self._known

    def _changed(self) -> tuple[int, int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def register(home: Path, identity: str, scopes: Sequence[str] = SCOPES) -> Path:
    """Register an EHR system with a new key (P-384) and return the file of its private key.

    Args:
        home: home folder of the exchange.
        identity: client id; what was registered under it is replaced.
        scopes: what it may ask for.

    Raises:
        InputError: the file of the clients is damaged, or a scope or the id is not possible.
    """
    key = ec.generate_private_key(ec.SECP384R1())
    enrol(home, Client(identity, (_jwk(key.public_key(), f"{identity}-1"),), frozenset(scopes)))
    file = home / _FOLDER / f"{identity}.key"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(pem)
    return file


def enrol(home: Path, client: Client) -> None:
    """Register an EHR system by its public keys; what was registered under its id is replaced.

    Raises:
        InputError: the id, a key or a scope is not possible, or the file is damaged; all at once.
    """
    problems = [*_wrong_name(client.id), *_wrong_scopes(client.scopes), *_wrong_keys(client.keys)]
    if problems:
        raise InputError(problems)
    file = home / _FOLDER / _FILE
    known = {**_read(file), client.id: client}
    file.parent.mkdir(parents=True, exist_ok=True)
    write_all({file: _written(known)})


def remove(home: Path, identity: str) -> None:
    """Take an EHR system off the list, with the private key that was made here for it.

    Raises:
        InputError: no such EHR system, or the file is damaged.
    """
    file = home / _FOLDER / _FILE
    known = _read(file)
    if identity not in known:
        raise InputError(
            Problem(f"«{identity}» is not registered", str(file),
                    rule=f"registered are: {', '.join(sorted(known)) or 'none'}",
                    remedy="see: ehds ncp ehr list")
        )  # fmt: skip
    del known[identity]
    write_all({file: _written(known)})
    (home / _FOLDER / f"{identity}.key").unlink(missing_ok=True)


def keys_of_jwks(file: Path, identity: str) -> tuple[Mapping[str, Any], ...]:
    """Return the keys of a JWK Set, or of one JWK, with a ``kid`` each.

    Raises:
        InputError: the file is none of these.
    """
    try:
        said = json.loads(read_bytes(file))
        keys = [dict(row) for row in said.get("keys", [said])]
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InputError(
            Problem("this is no JWK Set", str(file), rule='RFC 7517: {"keys": [{"kty": ...}]}',
                    remedy="ask the maker of the EHR system for its public keys (jwks)")
        ) from None  # fmt: skip
    return tuple({"kid": f"{identity}-{number}", **key} for number, key in enumerate(keys, 1))


def keys_of_pem(file: Path, identity: str) -> tuple[Mapping[str, Any], ...]:
    """Return the key of a PEM file: a public key or a certificate.

    Raises:
        InputError: neither of them, or a private key.
    """
    content = read_bytes(file)
    if b"PRIVATE KEY" in content:
        raise InputError(
            Problem("this is a private key: it stays with the EHR system", str(file),
                    remedy="give the public one: openssl pkey -in KEY -pubout")
        )  # fmt: skip
    try:
        key = (x509.load_pem_x509_certificate(content).public_key()
               if b"BEGIN CERTIFICATE" in content else load_pem_public_key(content))  # fmt: skip
        return (_jwk(key, f"{identity}-1"),)
    except (ValueError, TypeError):
        raise InputError(
            Problem("this is no public key in PEM form", str(file),
                    rule="a public key or a certificate, RSA or P-384")
        ) from None  # fmt: skip


def _jwk(key: Any, name: str) -> Mapping[str, Any]:
    if isinstance(key, rsa.RSAPublicKey):
        made, algorithm = jwt.algorithms.RSAAlgorithm.to_jwk(key), "RS384"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        made, algorithm = jwt.algorithms.ECAlgorithm.to_jwk(key), "ES384"
    else:
        raise TypeError(type(key).__name__)
    return {**json.loads(made), "kid": name, "alg": algorithm, "use": "sig"}


def _wrong_name(identity: str) -> list[Problem]:
    if _NAME.fullmatch(identity):
        return []
    return [Problem(f"«{identity}» is no name of an EHR system", "NAME",
                    rule="letters, digits, - and ., at most 100")]  # fmt: skip


def _wrong_scopes(scopes: frozenset[str]) -> list[Problem]:
    unknown = sorted(scopes - set(SCOPES))
    if scopes and not unknown:
        return []
    return [Problem(f"«{' '.join(unknown)}» is no scope that is offered here", "--scope",
                    rule=f"scopes: {' '.join(SCOPES)}")]  # fmt: skip


def _wrong_keys(keys: Sequence[Mapping[str, Any]]) -> list[Problem]:
    problems = []
    for number, key in enumerate(keys, 1):
        reason = _wrong_key(key)
        if reason:
            problems.append(Problem(reason, f"key {number}",
                                    rule="a public RSA key (2048 bits or more) for RS384, or one "
                                    "on P-384 for ES384"))  # fmt: skip
    if not keys:
        problems.append(Problem("there is no key", "keys"))
    names = [key.get("kid") for key in keys]
    if len(set(map(str, names))) != len(names):
        problems.append(Problem("two keys have the same kid", "keys", rule="RFC 7517 4.5"))
    return problems


def _wrong_key(key: Mapping[str, Any]) -> str:
    if _PRIVATE & key.keys():
        return "this is a private key: it stays with the EHR system"
    name = key.get("kid")
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _LONGEST_KID:
        return f"the kid is no name of at most {_LONGEST_KID} characters"
    wanted = {"RSA": "RS384", "EC": "ES384"}.get(str(key.get("kty")))
    if wanted is None or key.get("alg", wanted) != wanted or key.get("use", "sig") != "sig":
        return "this key is not for RS384 or ES384"
    try:
        found = jwt.PyJWK(dict(key), algorithm=wanted).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return "this is no key"
    if isinstance(found, ec.EllipticCurvePublicKey):
        return "" if isinstance(found.curve, ec.SECP384R1) else "the curve is not P-384"
    return "" if found.key_size >= _SHORTEST_RSA else f"an RSA key of {found.key_size} bits is weak"


def _written(clients: Mapping[str, Client]) -> bytes:
    rows = [{"client_id": one.id, "jwks": {"keys": [dict(k) for k in one.keys]},
             "scope": " ".join(sorted(one.scopes))} for one in clients.values()]  # fmt: skip
    said = {"schema": "ehds.fhir-clients/1", "clients": rows}
    return json.dumps(said, indent=2).encode() + b"\n"


def _read(file: Path) -> dict[str, Client]:
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
                    remedy="remove the file and register them anew: ehds ncp ehr add")
        ) from None  # fmt: skip
