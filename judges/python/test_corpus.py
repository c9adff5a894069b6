"""Over the corpus: every 2xx that a document promises, asked with the credentials that the mock names, is valid."""

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest
import requests
from jsonschema.exceptions import SchemaError, UnknownType
from referencing.exceptions import Unresolvable

from desk import running
from document import Document, fill, shape

# What jsonschema makes of a schema that is none: a reference to nothing, a list for a schema, a type that is not
# OpenAPI's, a pattern that is not Python's, an `allOf` of itself.
BROKEN_SCHEMA = (Unresolvable, SchemaError, UnknownType, AttributeError, LookupError, RecursionError, re.error)

CORPUS = Path(os.environ["LOBBY_REPOSITORY"]) / ".." / "shared" / "data" / "openapi"


# No value at all is valid there.
UNSATISFIABLE = {
    # A string that must be null.
    "dropshot-fuller.json": {"/test/person", "/test/tv/{x}", "/unit_please"},
    # A tree whose every node needs a parent.
    "readme-3.0-circular-request-bodies.json": {"/direct"},
}


def known():
    if not CORPUS.exists():
        return []
    documents = json.loads((CORPUS / "manifest.json").read_text())["documents"]
    return [entry for entry in documents if entry.get("operations")]


@pytest.fixture
def mock(request, tmp_path):
    with running(request.param, tmp_path, "--validate", "off") as (url, _):
        yield request.param, url


def ask(session, url, method, template, **extra):
    """The answer to an operation, let in by its first alternative; nothing where no credential can do."""
    body = {"as": "alice", "operation": f"{method} {template}"}
    told = session.post(f"{url}/_lobby/credentials", json=body, timeout=30)
    assert told.ok, f"credentials: {told.status_code} {told.text[:300]}"
    alternatives = told.json()["alternatives"]
    if not alternatives:
        return None
    way = alternatives[0]
    return session.request(
        method,
        url + fill(template),
        params=way.get("query"),
        headers={**way.get("headers", {}), **extra},
        cookies=way.get("cookies"),
        allow_redirects=False,
        timeout=30,
    )


def faults(document, place, answer):
    """What the document has against the answer."""
    if answer.headers.get("Lobby-Verdict") == "fault":
        return [f"{answer.status_code}: {answer.text[:200]}"]
    if not 200 <= answer.status_code < 300 or not answer.content:
        return []
    code = str(answer.status_code)
    responses, all_of_them = document.below(place, "responses")
    name = next((name for name in (code, f"{code[0]}XX", "default") if name in all_of_them), None)
    if name is None:
        return [f"{code} is not documented"]
    response, node = document.below(responses, name)
    content = node.get("content") or {}
    kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    ranges = (kind, kind.split("/")[0] + "/*", "*/*")
    media = next((media for media in content if media.split(";")[0].strip().lower() in ranges), None)
    if media is None:
        return [f"{kind} is not documented, {list(content)} are"] if content else []
    if not re.search(r"[/+]json$", kind) or "schema" not in content[media]:
        return []
    where, _ = document.below(document.below(response, "content")[0], media)
    step = f"{where}/schema"
    return document.errors(step, answer.json())


@pytest.mark.parametrize("mock", [CORPUS / entry["file"] for entry in known()], ids=lambda path: path.name, indirect=True)
def test_every_documented_success_is_valid(mock):
    path, url = mock
    document = Document(path)
    session = requests.Session()
    found = []
    shapes = Counter((method, shape(template)) for method, template, *_ in document.operations())
    for method, template, place in document.operations():
        # Requests that no client sends, that another operation answers as well, or that Lobby answers itself.
        alike = shapes[method, shape(template)] > 1
        hopeless = template in UNSATISFIABLE.get(path.name, ())
        if method == "TRACE" or "#" in template or alike or hopeless or template.startswith("/.well-known/"):
            continue
        try:
            answer = ask(session, url, method, template)
            wrong = faults(document, place, answer) if answer is not None else []
            if wrong and answer.ok:
                # The document's own example may break its schema; what is generated may not.
                wrong = faults(document, place, ask(session, url, method, template, Prefer="dynamic=true"))
        except BROKEN_SCHEMA:
            continue
        except AssertionError as error:
            wrong = [str(error)]
        found += [f"{method} {template}: {text}" for text in wrong]
    assert not found, f"{len(found)} faults:\n" + "\n".join(found[:15])
