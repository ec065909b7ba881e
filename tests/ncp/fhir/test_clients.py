"""Which EHR systems may ask: registered, listed and removed on the command line."""

from __future__ import annotations

import json
import stat

import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from data.errors import InputError
from ehds.cli import cli
from ncp.fhir import load, register
from ncp.fhir.clients import SCOPES, Client, Registered, enrol
from tests.ncp.fhir.asking import Ehr, web

EC = ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(65537, 2048)
PATIENTS = "system/Patient.rs"


def private(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public(key) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwk(key, **more):
    kind = jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else (
        jwt.algorithms.RSAAlgorithm)  # fmt: skip
    return {**json.loads(kind.to_jwk(key.public_key())), **more}


@pytest.fixture
def run(tmp_path):
    def command(*words: str, code: int = 0):
        done = CliRunner().invoke(cli, ["ncp", "ehr", *words, "--home", str(tmp_path)])
        assert (code, done.exit_code) in {(0, 0), (2, done.exit_code)}, done.output
        if code and done.exception and not isinstance(done.exception, SystemExit):
            assert isinstance(done.exception, InputError), repr(done.exception)
        return done

    return command


def written(tmp_path, name: str, content) -> str:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(file)


def test_a_system_with_a_key_of_its_own_gets_tokens(run, tmp_path, norway):
    for name, key in (("with-ec", EC), ("with-rsa", RSA)):
        run("add", name, "--key", written(tmp_path, f"{name}.pem", public(key)))
        system = Ehr.__new__(Ehr)
        system.client, system.id, system.key = web(norway, load(tmp_path)), name, key
        system.algorithm = "ES384" if key is EC else "RS384"
        assert system.ask_token(PATIENTS).status_code == 200


def test_a_key_set_is_taken_with_its_kids(run, tmp_path):
    keys = {"keys": [jwk(EC, kid="autumn"), jwk(RSA)]}
    run("add", "hospital", "--jwks", written(tmp_path, "jwks.json", keys), "--scope", PATIENTS)
    (one,) = Registered(tmp_path).values()
    assert [k["kid"] for k in one.keys] == ["autumn", "hospital-2"]
    assert one.scopes == {PATIENTS}
    listed = json.loads(run("list", "--format", "json").stdout)["systems"]
    assert listed == [{"name": "hospital", "scopes": [PATIENTS], "keys": [
        {"kid": "autumn", "type": "EC"}, {"kid": "hospital-2", "type": "RSA"}]}]  # fmt: skip
    assert "hospital" in run("list").stdout


def test_a_key_for_tests_is_made_where_none_is_given(run, tmp_path):
    run("add", "clinic")
    file = tmp_path / "fhir" / "clinic.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = load_pem_private_key(file.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert b"PRIVATE" not in (tmp_path / "fhir" / "clients.json").read_bytes()
    run("remove", "clinic")
    assert not file.exists()
    assert not Registered(tmp_path)


def test_a_name_is_taken_once(run):
    run("add", "clinic")
    assert "registered already" in str(run("add", "clinic", code=2).exception)
    run("add", "clinic", "--replace")
    assert "not registered" in str(run("remove", "other", code=2).exception)


@pytest.mark.parametrize(("content", "told"), [
    (private(EC), "private key"), (b"x", "no public key"),
    (public(ec.generate_private_key(ec.SECP256R1())), "not P-384"),
], ids=["private", "no key", "other curve"])  # fmt: skip
def test_a_pem_that_is_not_good_is_told(run, tmp_path, content, told):
    done = run("add", "x", "--key", written(tmp_path, "key.pem", content), code=2)
    assert told in str(done.exception)
    assert not (tmp_path / "fhir" / "clients.json").exists()


@pytest.mark.parametrize(("content", "told"), [
    ([], "no JWK Set"), ({"keys": 7}, "no JWK Set"), ({"keys": []}, "there is no key"),
    ({"keys": [jwk(EC, d="secret")]}, "private key"),
    ({"keys": [{"kty": "oct"}]}, "not for RS384"),
    ({"keys": [{"kty": "EC", "crv": "P-384"}]}, "this is no key"),
    ({"keys": [jwk(EC, alg="HS384")]}, "not for RS384"),
    ({"keys": [jwk(EC, kid="a"), jwk(RSA, kid="a")]}, "same kid"),
    ({"keys": [jwk(EC, kid="\x1b[31m")]}, "the kid is no name"),
], ids=["list", "number", "none", "private", "symmetric", "broken", "algorithm",
        "twice", "escape"])  # fmt: skip
def test_a_key_set_that_is_not_good_is_told(run, tmp_path, content, told):
    done = run("add", "x", "--jwks", written(tmp_path, "jwks.json", content), code=2)
    assert told in str(done.exception)


def test_a_key_set_without_bottom_is_told(run, tmp_path):
    file = tmp_path / "deep.json"
    file.write_text('{"keys":' + "[" * 100_000)
    done = run("add", "x", "--jwks", str(file), code=2)
    assert "no JWK Set" in str(done.exception)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        enrol(tmp_path, Client("../x", ({"kty": "oct"},), frozenset({"system/*.cruds"})))
    assert len(caught.value.problems) == 3


def test_a_change_holds_at_once_in_a_server_that_runs(tmp_path, norway):
    client = web(norway, load(tmp_path))
    key = register(tmp_path, "late", SCOPES)
    system = Ehr(client, "late", key)
    headers = system.headers(PATIENTS)
    assert client.get("/ehr/Patient", headers=headers).status_code == 400  # no identifier
    enrol(tmp_path, Client("late", Registered(tmp_path)["late"].keys, frozenset(SCOPES[1:])))
    assert client.get("/ehr/Patient", headers=headers).status_code == 403
    done = CliRunner().invoke(cli, ["ncp", "ehr", "remove", "late", "--home", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert client.get("/ehr/Patient", headers=headers).status_code == 401
    assert system.ask_token(PATIENTS).status_code == 401


def test_a_list_that_breaks_under_way_lets_nobody_in(tmp_path):
    register(tmp_path, "one")
    known = Registered(tmp_path)
    assert "one" in known
    (tmp_path / "fhir" / "clients.json").write_text("{")
    assert "one" not in known
    with pytest.raises(InputError):
        load(tmp_path)


def test_the_public_address_is_that_of_tokens(tmp_path, norway):
    key = register(tmp_path, "one")
    client = web(norway, load(tmp_path, "https://ncp.example:8443/"))
    said = client.get("/ehr/.well-known/smart-configuration").json()
    assert said["token_endpoint"] == "https://ncp.example:8443/ehr/auth/token"
    system = Ehr(client, "one", key)
    assert system.ask_token(PATIENTS).status_code == 401
    meant = system.assertion(aud=said["token_endpoint"])
    assert system.ask_token(PATIENTS, meant).status_code == 200
    (tmp_path / "fhir" / "base").write_text("https://other.example\n")
    assert load(tmp_path).base == "https://other.example"
    assert load(tmp_path, "https://ncp.example").base == "https://ncp.example"


@pytest.mark.parametrize("address", [
    "ncp.example", "http://ncp.example", "https://", "https://u@ncp.example", "https://a:x",
    "https://ncp.example/path", "https://ncp.example?x=1", "ftp://localhost",
])  # fmt: skip
def test_a_public_address_that_is_none_is_told(tmp_path, address):
    with pytest.raises(InputError, match="no public address"):
        load(tmp_path, address)
    assert load(tmp_path, "http://127.0.0.1:8080").base == "http://127.0.0.1:8080"
