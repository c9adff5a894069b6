"""PyJWT takes our tokens and refuses the wrong ones; we take its tokens and refuse the wrong ones."""

import json
import os
import subprocess
import time
import uuid

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from desk import Desk

DESK = Desk("pyjwt")


def judge(token):
    key = jwt.PyJWKClient(DESK.metadata()["jwks_uri"]).get_signing_key_from_jwt(token)
    required = ["exp", "iat", "iss", "aud", "sub", "jti"]
    return jwt.decode(
        token, key, algorithms=["ES256"], audience=DESK.audience, issuer=DESK.issuer, options={"require": required}
    )


def test_a_good_token_of_ours():
    claims = judge(DESK.token(**{"as": "alice", "scope": "books:read"}))
    assert claims["sub"] == "alice"
    assert claims["scope"] == "books:read"


@pytest.mark.parametrize(
    ("defect", "error"),
    [
        ("expired", jwt.ExpiredSignatureError),
        ("wrong_audience", jwt.InvalidAudienceError),
        ("wrong_issuer", jwt.InvalidIssuerError),
        ("bad_signature", jwt.InvalidSignatureError),
        ("not_yet_valid", jwt.ImmatureSignatureError),
        ("alg_none", jwt.PyJWTError),
    ],
)
def test_a_token_of_ours_that_is_wrong_on_purpose(defect, error):
    with pytest.raises(error):
        judge(DESK.token(**{"as": "alice", "defect": defect}))


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    **{name: RSA for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")},
}
SECRET = "a secret of sixty-four bytes and more, for it must do for HS512 too."


@pytest.fixture(scope="module")
def believer(tmp_path_factory):
    """A mock of its own that believes two issuers whose keys we hold; gives its URL."""
    folder = tmp_path_factory.mktemp("believer")
    keys = []
    for name, key in KEYS.items():
        jwk = jwt.get_algorithm_by_name(name).to_jwk(key.public_key(), as_dict=True)
        jwk.pop("key_ops", None)
        keys.append({**jwk, "kid": name, "alg": name, "use": "sig"})
    (folder / "keys.json").write_text(json.dumps({"keys": keys}))
    (folder / "secret").write_text(SECRET)
    shared = {"url": "https://shared.example.net", "secret": "file:secret", "audience": "bookshop"}
    issuers = [
        {"url": "https://id.example.net", "jwks": "keys.json", "audience": "bookshop", "algorithms": list(KEYS)},
        {**shared, "algorithms": ["HS256", "HS384", "HS512"]},
    ]
    bookshop = {"contract": os.environ["LOBBY_DOCUMENT"], "backend": "mock", "issuers": issuers}
    # JSON is YAML.
    (folder / "lobby.yaml").write_text(json.dumps({"apis": {"bookshop": bookshop}}))
    flags = ["mock", "--config", "lobby.yaml", "--port", "0", "--ready-file", "ready.json"]
    log = open(folder / "stderr", "w")
    process = subprocess.Popen([os.environ["LOBBY_BIN"], *flags], cwd=folder, stdout=log, stderr=log)
    ready = folder / "ready.json"
    while not (ready.exists() and ready.read_text().endswith("\n")):
        assert process.poll() is None, (folder / "stderr").read_text()
        time.sleep(0.005)
    yield json.loads(ready.read_text())["url"].rstrip("/")
    process.kill()
    process.wait()


def verdict(url, token):
    return requests.get(f"{url}/books", headers={"Authorization": f"Bearer {token}"}, timeout=10).headers[
        "Lobby-Verdict"
    ]


def make(key, name, headers=None, **changed):
    now = int(time.time())
    claims = {
        "iss": "https://shared.example.net" if name.startswith("HS") else "https://id.example.net",
        "aud": "bookshop",
        "sub": "zoe",
        "client_id": "partner",
        "scope": "books:read",
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid.uuid4()),
        **changed,
    }
    named = {} if name.startswith("HS") else {"kid": name}
    return jwt.encode(claims, key, algorithm=name, headers={"typ": "at+jwt", **named, **(headers or {})})


@pytest.mark.parametrize("name", list(KEYS))
def test_a_good_token_of_theirs(believer, name):
    assert verdict(believer, make(KEYS[name], name)) == "allow"


@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
def test_a_good_token_of_theirs_under_a_shared_secret(believer, name):
    assert verdict(believer, make(SECRET, name)) == "allow"
    assert verdict(believer, make(SECRET + "!", name)) == "token.signature"


def test_tokens_of_theirs_that_are_wrong(believer):
    key = KEYS["ES256"]
    now = int(time.time())
    assert verdict(believer, make(key, "ES256", aud="elsewhere")) == "token.audience"
    assert verdict(believer, make(key, "ES256", iss="https://other.example")) == "token.issuer"
    assert verdict(believer, make(key, "ES256", exp=now - 120)) == "token.expired"
    assert verdict(believer, make(key, "ES256", nbf=now + 120)) == "token.not_yet_valid"
    assert verdict(believer, make(key, "ES256", {"kid": "stranger"})) == "token.key"
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert verdict(believer, make(stranger, "ES256")) == "token.signature"
    confused = make(SECRET, "HS256", iss="https://id.example.net")
    assert verdict(believer, confused) == "token.algorithm"
