"""The mock that is judged, and its control API."""

import json
import os
import subprocess
import time
from contextlib import contextmanager

import requests

LOBBY = os.environ["LOBBY_URL"].rstrip("/")

# A place to come back to; nothing listens there, a person stops before it.
CALLBACK = "http://127.0.0.1:9/callback"


class Desk:
    """A sandbox that is its own issuer."""

    def __init__(self, name, server=LOBBY):
        self.issuer = f"{server}/_lobby/in/{name}"
        self.audience = f"{self.issuer}/bookshop"

    def metadata(self):
        return requests.get(f"{self.issuer}/.well-known/openid-configuration", timeout=10).json()

    def control(self, path, body):
        answer = requests.post(f"{self.issuer}/_lobby/{path}", json=body, timeout=10)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def token(self, **wanted):
        return self.control("token", wanted)["access_token"]

    def advance(self, span):
        self.control("clock", {"advance": span})

    def verdict(self, path, token, scheme="Bearer"):
        headers = {"Authorization": f"{scheme} {token}"}
        return requests.get(f"{self.issuer}{path}", headers=headers, timeout=10).headers.get("Lobby-Verdict")


@contextmanager
def running(document, folder, *flags):
    """A mock of its own: its URL, and the file that it talks into."""
    ready = folder / "ready.json"
    log = folder / "stderr"
    command = [os.environ["LOBBY_BIN"], "mock", document, "--port", "0", "--ready-file", ready, *flags]
    with open(log, "w") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
    while not (ready.exists() and ready.read_text().endswith("\n")):
        assert process.poll() is None, log.read_text()[-3000:]
        time.sleep(0.005)
    try:
        yield json.loads(ready.read_text())["url"].rstrip("/"), log
    finally:
        process.kill()
        process.wait()
    assert "panicked at" not in log.read_text()
