"""Authlib through every flow that it has; once now and once on a clock that is years on."""

import secrets
import time
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from desk import CALLBACK, Desk
from person import Person

SCOPE = "openid profile email offline_access books:read"


@pytest.fixture(scope="module", params=["", "800d"], ids=["now", "later"])
def desk(request):
    made = Desk("authlib-" + (request.param or "now"))
    if request.param:
        made.advance(request.param)
    made.known = made.metadata()
    return made


def public():
    return OAuth2Session(
        "authlib",
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )


def confidential(method="client_secret_basic"):
    return OAuth2Session("authlib-machine", "any secret", token_endpoint_auth_method=method)


def sign_in(desk, person=None, **added):
    session = public()
    verifier = generate_token(48)
    nonce = secrets.token_urlsafe()
    url, state = session.create_authorization_url(
        desk.known["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **added
    )
    back = (person or Person()).visit(url)
    assert back and "code=" in back, f"the pages lead back with a code, not to {back}"
    token = session.fetch_token(
        desk.known["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )
    return session, token, nonce


def test_code_with_pkce_and_an_id_token_that_holds(desk):
    session, token, nonce = sign_in(desk)
    keys = KeySet.import_key_set(requests.get(desk.known["jwks_uri"], timeout=10).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["ES256"])
    options = {"iss": {"essential": True, "value": desk.known["issuer"]}}
    params = {"nonce": nonce, "client_id": "authlib", "access_token": token["access_token"]}
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate(leeway=5)
    assert claims["sub"] == "alice"
    assert session.get(desk.known["userinfo_endpoint"]).json()["email"] == "alice@example.com"
    assert desk.verdict("/books", token["access_token"]) == "allow"


def test_a_token_that_expired_by_the_clock_is_refreshed(desk):
    session, token, _ = sign_in(desk)
    desk.advance("11m")
    assert desk.verdict("/books", token["access_token"]) == "token.expired"
    fresh = session.refresh_token(desk.known["token_endpoint"], refresh_token=token["refresh_token"])
    assert fresh["refresh_token"] != token["refresh_token"]
    assert desk.verdict("/books", fresh["access_token"]) == "allow"


def test_a_code_is_good_once(desk):
    session = public()
    verifier = generate_token(48)
    url, state = session.create_authorization_url(desk.known["authorization_endpoint"], code_verifier=verifier)
    back = Person().visit(url)
    endpoint = desk.known["token_endpoint"]
    session.fetch_token(endpoint, authorization_response=back, state=state, code_verifier=verifier)
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.fetch_token(endpoint, authorization_response=back, state=state, code_verifier=verifier)


def test_the_wrong_verifier_gets_nothing(desk):
    session = public()
    url, state = session.create_authorization_url(
        desk.known["authorization_endpoint"], code_verifier=generate_token(48)
    )
    back = Person().visit(url)
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.fetch_token(
            desk.known["token_endpoint"],
            authorization_response=back,
            state=state,
            code_verifier=generate_token(48),
        )


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials_introspection_revocation(desk, method):
    session = confidential(method)
    token = session.fetch_token(desk.known["token_endpoint"], grant_type="client_credentials", scope="books:read")
    access = token["access_token"]
    assert desk.verdict("/books", access) == "allow"
    assert session.introspect_token(desk.known["introspection_endpoint"], token=access).json()["active"] is True
    session.revoke_token(desk.known["revocation_endpoint"], token=access)
    assert session.introspect_token(desk.known["introspection_endpoint"], token=access).json()["active"] is False
    assert desk.verdict("/books", access) == "token.revoked"


def test_a_device_whose_person_confirms_on_another(desk):
    form = {"client_id": "authlib", "scope": SCOPE}
    asked = requests.post(desk.known["device_authorization_endpoint"], data=form, timeout=10).json()
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    ask = {"grant_type": grant, "device_code": asked["device_code"]}
    with pytest.raises(OAuthError, match="authorization_pending"):
        public().fetch_token(desk.known["token_endpoint"], **ask)
    Person().visit(asked["verification_uri_complete"])
    time.sleep(asked.get("interval", 5))
    token = public().fetch_token(desk.known["token_endpoint"], **ask)
    assert desk.verdict("/books", token["access_token"]) == "allow"


def test_a_pushed_request(desk):
    session = public()
    verifier = generate_token(48)
    url, state = session.create_authorization_url("http://unused.example/", code_verifier=verifier)
    form = urlsplit(url).query
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    endpoint = desk.known["pushed_authorization_request_endpoint"]
    pushed = requests.post(endpoint, data=form, headers=headers, timeout=10)
    assert pushed.status_code == 201, pushed.text
    query = urlencode(
        {"client_id": "authlib", "request_uri": pushed.json()["request_uri"]}
    )
    back = Person().visit(f"{desk.known['authorization_endpoint']}?{query}")
    token = session.fetch_token(
        desk.known["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )
    assert token["access_token"]


def test_after_logout_nobody_is_signed_in(desk):
    person = Person()
    _, token, _ = sign_in(desk, person)
    query = urlencode(
        {"id_token_hint": token["id_token"], "post_logout_redirect_uri": CALLBACK, "state": "bye"}
    )
    assert person.visit(f"{desk.known['end_session_endpoint']}?{query}") == f"{CALLBACK}?state=bye"
    with pytest.raises(AssertionError, match="error=login_required"):
        sign_in(desk, person, prompt="none")


def test_somebody_who_may_not(desk):
    _, token, _ = sign_in(desk, Person("guest"))
    assert desk.verdict("/books", token["access_token"]) == "scope.insufficient"
