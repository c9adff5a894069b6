"""Schemathesis over the bookshop: no server error, and no answer that breaks the schema."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from desk import LOBBY, Desk

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance,response_headers_conformance"


def fuzz(tmp_path, *flags):
    program = Path(sys.executable).with_name("schemathesis")
    document = f"{LOBBY}/_lobby/openapi.json"
    bounds = ["--max-examples", "25", "--seed", "7", "--suppress-health-check", "all", "--generation-database", "none"]
    command = [program, "run", document, "--checks", CHECKS, "--no-color", *bounds, *flags]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]


@pytest.mark.parametrize("persona", ["alice", "guest"])
def test_with_a_token_and_a_key(tmp_path, persona):
    bearer = Desk("main").token(**{"as": persona, "lifetime": "2h"})
    fuzz(tmp_path, "-H", f"Authorization: Bearer {bearer}", "-H", f"X-API-Key: {persona}-badge-key")


def test_with_a_password_and_a_session(tmp_path):
    pair = base64.b64encode(b"alice:alice-password").decode()
    session = "Cookie: bookshop_session=alice-session-key"
    fuzz(tmp_path, "-H", f"Authorization: Basic {pair}", "-H", session)


def test_with_nothing(tmp_path):
    fuzz(tmp_path)
