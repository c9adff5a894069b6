"""testssl.sh against `lobby serve`: no finding of severity LOW or worse, but what every chain of a local
authority has."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Nobody trusts a local authority, and it keeps no list of what it has revoked.
LOCAL_CHAIN = ("cert_trust", "cert_chain_of_trust", "cert_revocation", "cert_crlDistributionPoints", "cert_ocspURL",
               "DNS_CAArecord")
# What the scanner says of itself. To learn whether a session is resumed it closes each connection at once, often
# before TLS 1.3 has brought a ticket, and then warns that it could not try.
OWN = ("engine_problem", "sessionresumption_ticket")
# From this severity on it is a finding.
WORSE = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL", "WARN")
START = 20
SCAN = 600


def serve(folder):
    (folder / "lobby.yaml").write_text(
        "issuer: https://localhost\n"
        "listen: { public: '127.0.0.1:0', admin: '127.0.0.1:0', tls: local }\n"
    )
    command = [os.environ["LOBBY_BIN"], "serve", "--ca-dir", "ca", "--ready-file", "ready.json"]
    server = subprocess.Popen(command, cwd=folder)
    deadline = time.monotonic() + START
    while not (folder / "ready.json").exists():
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit("lobby serve did not start")
        time.sleep(0.02)
    return server, json.loads((folder / "ready.json").read_text())["url"]


def scan(folder, url):
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    report = folder / "report.json"
    command = [
        program, "--severity", "LOW", "--quiet", "--color", "0", "--warnings", "off", "--ip", "one",
        "--jsonfile", str(report), url.removeprefix("https://"),
    ]
    # Its exit code counts what it has met on its way; the report is what it found.
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=SCAN)
    if not report.exists():
        sys.exit("testssl.sh made no report")
    return json.loads(report.read_text())


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server, url = serve(folder)
        try:
            found = scan(folder, url)
        finally:
            server.terminate()
            server.wait(20)
    findings = [found for found in found if found["severity"] in WORSE]
    against = [finding for finding in findings if not finding["id"].split(" ")[0].startswith(LOCAL_CHAIN + OWN)]
    for finding in findings:
        mark = "found" if finding in against else "aside"
        print(f"{mark}: {finding['severity']} {finding['id']}: {finding['finding']}")
    sys.exit(1 if against else 0)


main()
