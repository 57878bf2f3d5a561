"""Signs in anew for every request: one of the operations that are tried signs out."""

import json
import os
from http.client import HTTPConnection
from typing import Any

import schemathesis


@schemathesis.auth(refresh_interval=None)
class Token:
    """An access token of the user that the environment names."""

    def get(self, case: Any, context: Any) -> str:
        """A fresh token."""
        connection = HTTPConnection("127.0.0.1", int(os.environ["FUZZ_PORT"]), timeout=30)
        body = json.dumps(
            {"email": os.environ["FUZZ_EMAIL"], "password": os.environ["FUZZ_PASSWORD"]}
        )
        connection.request("POST", "/api/v1/auth/login", body, {"Content-Type": "application/json"})
        found = json.loads(connection.getresponse().read())
        connection.close()
        return str(found["token"])

    def set(self, case: Any, data: str, context: Any) -> None:
        """Put it into the request."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
