"""Judges from PyPI: clients, a verifier, and two readers of OpenAPI documents against a running mock."""

import os
import sys

import pytest

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
flags = ["-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-W", "ignore", "--tb=short"]
sys.exit(pytest.main(flags + sys.argv[1:]))
