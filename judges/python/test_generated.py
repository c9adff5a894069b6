"""A client that openapi-python-client generates from the document that the mock serves, signed in by the URLs in it."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from desk import CALLBACK, Desk
from person import Person

SCOPE = "books:read books:write"


@pytest.fixture(scope="module")
def desk():
    return Desk("generated")


@pytest.fixture(scope="module")
def document(desk):
    return requests.get(f"{desk.issuer}/_lobby/openapi.json", timeout=10).json()


@pytest.fixture(scope="module")
def client(desk, tmp_path_factory):
    """The generated package. A warning would be an operation or a schema that it left out."""
    folder = tmp_path_factory.mktemp("generated")
    programs = Path(sys.executable).parent
    url = f"{desk.issuer}/_lobby/openapi.json"
    flags = ["--url", url, "--meta", "none", "--output-path", folder / "bookshop_client", "--fail-on-warning"]
    # It calls a formatter that is installed beside it.
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    command = [programs / "openapi-python-client", "generate", *flags]
    made = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module("bookshop_client")
    sys.path.remove(str(folder))


def sign_in(document, scope):
    """A token by code with PKCE, from what the document says of its scheme alone."""
    flow = document["components"]["securitySchemes"]["oauth"]["flows"]["authorizationCode"]
    verifier = generate_token(48)
    request = {
        "response_type": "code",
        "client_id": "generated",
        "redirect_uri": CALLBACK,
        "scope": scope,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    back = Person().visit(f"{flow['authorizationUrl']}?{urlencode(request)}")
    form = {
        "grant_type": "authorization_code",
        "client_id": "generated",
        "redirect_uri": CALLBACK,
        "code": parse_qs(urlsplit(back).query)["code"][0],
        "code_verifier": verifier,
    }
    answer = requests.post(flow["tokenUrl"], data=form, timeout=10)
    assert answer.ok, answer.text
    return answer.json()["access_token"]


def the(client, name):
    return importlib.import_module(f"{client.__name__}.{name}")


def new_book(client, **changed):
    book = {
        "title": "Piranesi",
        "author": "Susanna Clarke",
        "isbn": "9781526622426",
        "price": {"amount": 1499, "currency": "EUR"},
    }
    return the(client, "models").NewBook.from_dict({**book, **changed})


def test_signed_in_by_the_documents_urls_it_lists_and_creates(client, document):
    server = document["servers"][0]["url"]
    alice = client.AuthenticatedClient(base_url=server, token=sign_in(document, SCOPE))
    listed = the(client, "api.books.list_books").sync_detailed(client=alice, limit=5)
    assert listed.status_code == 200
    assert [type(book).__name__ for book in listed.parsed.items][:1] == ["Book"]
    created = the(client, "api.books.create_book").sync_detailed(client=alice, body=new_book(client))
    assert created.status_code == 201
    assert created.parsed.id.startswith("b-")
    assert created.headers["Location"]


def test_its_types_hold_what_is_refused(client, document):
    server = document["servers"][0]["url"]
    problem = the(client, "models").Problem
    nobody = client.Client(base_url=server)
    refused = the(client, "api.books.list_books").sync_detailed(client=nobody)
    assert (refused.status_code, type(refused.parsed)) == (401, problem)
    reader = client.AuthenticatedClient(base_url=server, token=sign_in(document, "books:read"))
    forbidden = the(client, "api.books.create_book").sync_detailed(client=reader, body=new_book(client))
    assert (forbidden.status_code, type(forbidden.parsed)) == (403, problem)
    assert forbidden.headers["Lobby-Verdict"] == "scope.insufficient"
    writer = client.AuthenticatedClient(base_url=server, token=sign_in(document, SCOPE))
    wrong = the(client, "api.books.create_book").sync_detailed(client=writer, body=new_book(client, isbn="none"))
    assert (wrong.status_code, type(wrong.parsed)) == (422, problem)
