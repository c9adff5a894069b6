"""pyotp has the same codes: of a persona's app, and of one that is set up from the page's own link."""

import html
import re
import time

import pyotp
import requests

from desk import Desk

DESK = Desk("pyotp")


def hidden(page, name):
    return html.unescape(re.search(f'name="{name}" value="([^"]*)"', page).group(1))


def post(session, page, **more):
    action = html.unescape(re.search('<form method="post" action="([^"]*)"', page).group(1))
    form = {"request": hidden(page, "request"), "token": hidden(page, "token"), **more}
    origin = DESK.issuer.split("/_lobby/")[0]
    return session.post(origin + action, data=form, timeout=10).text


def test_pyotp_sets_an_app_up_and_signs_in_with_it():
    session = requests.Session()
    url = f"{DESK.issuer}/_lobby/account/authenticator"
    post(session, session.get(url, timeout=10).text, persona="guest")
    page = session.get(url, timeout=10).text
    uri = html.unescape(re.search('href="(otpauth:[^"]*)"', page).group(1))
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    assert (app.digits, app.interval, app.name) == (6, 30, "guest")
    # A whole step is left for the two requests.
    time.sleep(max(0, 31 - time.time() % 30) if time.time() % 30 > 20 else 0)
    post(session, page, do="confirm", code=app.now())
    told = DESK.control("authenticator/totp", {"as": "guest"})
    assert app.verify(told["code"], valid_window=1)
    assert 1 <= told["valid_seconds"] <= 30
