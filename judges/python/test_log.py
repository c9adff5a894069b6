"""What `--log-format json` writes while people sign in, refresh and fail: lines for a log shipper, and no secret."""

import json
import os
import secrets
import time
from base64 import b64encode
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from desk import CALLBACK, Desk, running
from person import Forms, Person

# Of which type each member of a request's line is; an operation or a persona may be nobody's.
REQUEST = {
    "level": str,
    "event": str,
    "at": str,
    "sandbox_at": str,
    "peer": str,
    "method": str,
    "path": str,
    "scenario": (str, type(None)),
    "id": str,
    "sandbox": str,
    "api": str,
    "operation": (str, type(None)),
    "persona": (str, type(None)),
    "verdict": str,
    "status": int,
    "micros": int,
}


class Visit:
    """A run of requests that remembers every secret of theirs, and each answer's request id."""

    def __init__(self, url):
        self.url = url
        self.desk = Desk("log", url)
        self.known = self.desk.metadata()
        self.secrets = {}
        self.ids = []

    def secret(self, name, value):
        assert len(value) >= 8, f"{name} is too short to be told apart"
        self.secrets[name] = value
        return value

    def api(self, path, **sent):
        answer = requests.get(f"{self.desk.issuer}{path}", timeout=10, **sent)
        self.ids.append(answer.headers["Lobby-Request-Id"])
        return answer.headers["Lobby-Verdict"]

    def bearer(self, token, path="/books"):
        return self.api(path, headers={"Authorization": f"Bearer {token}"})

    def form(self, endpoint, **form):
        return requests.post(self.known[f"{endpoint}_endpoint"], data=form, timeout=10)

    def tokens(self, name, answer):
        """A token answer whose tokens are secrets from now on, and the signature alone as well."""
        assert answer.ok, answer.text
        got = answer.json()
        for kind in ("access_token", "refresh_token", "id_token"):
            if kind in got:
                self.secret(f"{name} {kind}", got[kind])
                self.secret(f"the end of the {name} {kind}", got[kind][-40:])
        return got

    def ask_for_code(self):
        """The authorization request, and its verifier."""
        verifier = self.secret(f"verifier {len(self.secrets)}", generate_token(48))
        request = {
            "response_type": "code",
            "client_id": "log",
            "redirect_uri": CALLBACK,
            "scope": "openid offline_access books:read",
            "state": self.secret(f"state {len(self.secrets)}", secrets.token_urlsafe()),
            "nonce": self.secret(f"nonce {len(self.secrets)}", secrets.token_urlsafe()),
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.known['authorization_endpoint']}?{urlencode(request)}", verifier

    def redeem(self, code, verifier):
        return self.form(
            "token",
            grant_type="authorization_code",
            client_id="log",
            redirect_uri=CALLBACK,
            code=code,
            code_verifier=verifier,
        )

    def type_password(self, person, start, password):
        """Opens the sign-in page and sends its form of name and password."""
        page = person.session.get(start, timeout=10)
        form = next(form for form in Forms(page.text).all if any(f.get("name") == "password" for f in form["input"]))
        values = {field["name"]: field.get("value") or "" for field in form["input"]}
        values |= {"username": "alice", "password": password}
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
        at = urljoin(page.url, form["action"])
        answer = person.session.post(at, data=values, headers={"Origin": origin}, allow_redirects=False, timeout=10)
        self.secret(f"form token {len(self.secrets)}", max(values.values(), key=len))
        return answer

    def sign_in(self):
        person = Person("alice")
        start, verifier = self.ask_for_code()
        wrong = self.type_password(person, start, self.secret("wrong password", "not-hers-" + secrets.token_hex(8)))
        assert wrong.status_code == 422
        right = self.type_password(person, start, self.secret("password", "alice-password"))
        assert right.ok
        back = person.visit(start)
        for cookie in person.session.cookies:
            self.secret(f"cookie {cookie.name}", cookie.value)
        code = self.secret("code", parse_qs(urlsplit(back).query)["code"][0])
        return code, verifier

    def run(self):
        code, verifier = self.sign_in()
        got = self.tokens("first", self.redeem(code, verifier))
        assert self.bearer(got["access_token"]) == "allow"
        assert requests.get(
            self.known["userinfo_endpoint"], headers={"Authorization": f"Bearer {got['access_token']}"}, timeout=10
        ).ok
        self.fail(got["access_token"])

        self.desk.advance("11m")
        assert self.bearer(got["access_token"]) == "token.expired"
        refresh = {"grant_type": "refresh_token", "client_id": "log"}
        fresh = self.tokens("second", self.form("token", refresh_token=got["refresh_token"], **refresh))
        assert self.bearer(fresh["access_token"]) == "allow"
        # Theft: the used one again, and so the family's end.
        self.desk.advance("1m")
        assert self.form("token", refresh_token=got["refresh_token"], **refresh).status_code == 400
        assert self.form("token", refresh_token=fresh["refresh_token"], **refresh).status_code == 400
        assert self.bearer(fresh["access_token"]) == "token.revoked"
        assert self.redeem(code, verifier).status_code == 400
        assert self.api("/open") == "allow"

    def fail(self, access):
        """Secrets that are presented where they do, and where they do not."""
        machine = self.secret("client secret", "machine-" + secrets.token_urlsafe())
        pair = {"client_id": "machine", "client_secret": machine}
        token = self.tokens("machine's", self.form("token", grant_type="client_credentials", **pair))["access_token"]
        assert self.form("introspection", token=access, **pair).ok
        assert self.form("revocation", token=token, **pair).ok
        assert self.bearer(token) == "token.revoked"
        assert self.bearer(self.secret("garbage", secrets.token_urlsafe())) == "token.unknown"
        assert self.bearer(self.secret("other garbage", "eyJ" + secrets.token_urlsafe())) == "credential.malformed"
        assert self.api("/books?access_token=" + access) != "allow"
        key = self.secret("key", "alice-badge-key")
        assert self.api("/stock", headers={"X-API-Key": key}) == "allow"
        assert self.api("/stock", headers={"X-API-Key": self.secret("wrong key", secrets.token_urlsafe())}) == "key.unknown"
        session = self.secret("session", "alice-session-key")
        assert self.api("/basket", cookies={"bookshop_session": session}) == "allow"
        for password, verdict in ((self.secrets["password"], "allow"), (self.secrets["wrong password"], "password.wrong")):
            self.secret(f"Basic {verdict}", b64encode(f"alice:{password}".encode()).decode())
            assert self.api("/reports", auth=("alice", password)) == verdict
        asked = self.form("device_authorization", client_id="log", scope="books:read").json()
        self.secret("device code", asked["device_code"])
        self.secret("user code", asked["user_code"])
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        assert self.form("token", grant_type=grant, client_id="log", device_code=asked["device_code"]).status_code == 400


def listen(folder, *flags):
    """The visit, and what was written on standard error meanwhile."""
    control = "control-" + secrets.token_urlsafe()
    with running(os.environ["LOBBY_DOCUMENT"], folder, "--control-token", control, *flags) as (url, log):
        visit = Visit(url)
        visit.secret("control token", control)
        visit.run()
        # The last line may be on its way.
        end = time.monotonic() + 10
        while "openingHours" not in log.read_text() and time.monotonic() < end:
            time.sleep(0.01)
        return visit, log.read_text()


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    return listen(tmp_path_factory.mktemp("log"), "--log-format", "json", "-vv")


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_every_line_is_an_object_with_its_level(heard):
    _, text = heard
    assert lines(text)
    for line in lines(text):
        assert isinstance(line, dict)
        assert line["level"] in ("debug", "info", "warning", "error"), line
        assert line["event"] and datetime.fromisoformat(line["at"]).tzinfo is not None, line
    events = {line["event"] for line in lines(text)}
    assert {"ready", "request", "decision", "family_burnt"} <= events, events


def test_a_decision_is_told_step_by_step_and_found_by_the_id(heard):
    visit, text = heard
    decisions = {line["id"]: line for line in lines(text) if line["event"] == "decision"}
    assert [identifier for identifier in visit.ids if identifier in decisions]
    assert all(isinstance(step, str) for line in decisions.values() for step in line["steps"])


def test_every_request_is_a_line_that_its_id_finds(heard):
    visit, text = heard
    told = [line for line in lines(text) if line.get("event") == "request"]
    for line in told:
        wrong = [name for name, kind in REQUEST.items() if not isinstance(line.get(name, ...), kind)]
        assert not wrong, f"{wrong} of {line}"
        assert datetime.fromisoformat(line["at"]).tzinfo is not None
        assert line["sandbox"] == "log" or line["operation"] is None
    by_id = {line["id"]: line for line in told}
    assert len(by_id) == len(told), "an id is one request's"
    missing = [identifier for identifier in visit.ids if identifier not in by_id]
    assert not missing
    verdicts = [(by_id[identifier]["status"], by_id[identifier]["verdict"]) for identifier in visit.ids]
    assert verdicts.count((401, "token.expired")) == 1
    assert (200, "allow") in verdicts


def test_a_refresh_token_that_came_twice_is_a_warning(heard):
    _, text = heard
    burnt = [line for line in lines(text) if line.get("event") == "family_burnt"]
    assert [(line["level"], line["client"], line["subject"]) for line in burnt] == [("warning", "log", "alice")]


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_is_in_it_however_loud(form, tmp_path):
    visit, text = listen(tmp_path, "--log-format", form, "-vv")
    assert len(visit.secrets) > 30
    assert text.count("alice") > 5, "nothing was told"
    leaked = [name for name, value in visit.secrets.items() if value in text]
    assert not leaked, f"{leaked} in the log"
