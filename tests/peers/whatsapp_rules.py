"""What Meta's Cloud API refuses, with its codes and words; of the peer in ``whatsapp.py``.

Where ``INVOICER_SPECS`` names a folder with Meta's own specification (``whatsapp-cloud-v23.json``),
every request is also checked against that.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Request
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

SPEC = "whatsapp-cloud-v23.json"
TYPES = ("text", "document", "template")
CAPTION, BODY, PARAMETER = 1024, 4096, 1024
DOCUMENT_TYPES = ("application/pdf", "text/plain", "application/vnd.ms-excel")
TITLES = {
    1: "An unknown error occurred",
    100: "Invalid parameter",
    190: "Invalid OAuth access token - Cannot parse access token",
    130429: "Rate limit hit",
    131009: "Parameter value is not valid",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131053: "Media upload error",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132012: "Parameter format does not match format in the created template",
    132018: "There is an issue with the parameters in your template",
}
_GAPS = re.compile(r"[\n\r\t]| {5}")


class Refused(Exception):
    """The answer to a request that Meta does not take."""

    def __init__(self, status: int, code: int, details: str = "") -> None:
        super().__init__(f"{code}: {details}")
        self.status, self.code, self.details = status, code, details

    def body(self) -> dict[str, Any]:
        """As Meta writes it."""
        title = TITLES.get(self.code, "Invalid parameter")
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {title}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "AXsgnV2Cm3ZMGF3dF_cfYIn",
        }
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return {"error": error}


@dataclass(frozen=True, slots=True)
class Template:
    """A template that Meta approved: how many values its body has, whether its header is a file."""

    values: int
    document: bool = False


class Spec:
    """Meta's own words on what a request looks like; silent where the file is not at hand."""

    def __init__(self, url: str) -> None:
        folder = os.environ.get("INVOICER_SPECS")
        file = Path(folder) / SPEC if folder else None
        self.checks: OpenAPI | None = None
        if file is not None and file.is_file():
            words = json.loads(file.read_text())
            words["servers"] = [{"url": url}]
            upload = words["paths"]["/{Version}/{Phone-Number-ID}/media"]["post"]
            form = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
            form["properties"]["file"] = {}  # bytes, which are no "string" to the validator
            self.checks = OpenAPI.from_dict(words, config=Config(spec_validator_cls=None))

    def breach(self, request: Request) -> str | None:
        """What is wrong with a request, None where nothing is."""
        if self.checks is None:
            return None
        came = MockRequest(
            request.host_url.rstrip("/"), request.method.lower(), request.path,
            args=dict(request.args), headers=dict(request.headers), data=request.get_data(),
            content_type=request.content_type or "application/json",
        )  # fmt: skip
        try:
            self.checks.validate_request(came)
        except OpenAPIError as error:
            causes = getattr(error.__cause__, "schema_errors", None) or [error.__cause__ or error]
            return f"{error}: " + "; ".join(str(cause)[:300] for cause in causes)
        return None


def check_message(message: Any) -> None:
    """Everything about a message that needs no memory. Raises Refused."""
    if not isinstance(message, dict):
        raise Refused(400, 100, "The body is no object.")
    if message.get("messaging_product") != "whatsapp":
        raise Refused(400, 100, "The parameter messaging_product is required.")
    if message.get("recipient_type", "individual") != "individual":
        raise Refused(400, 100, "Param recipient_type must be one of {INDIVIDUAL}.")
    if not re.fullmatch(r"\+?[0-9]{7,15}", str(message.get("to", ""))):
        raise Refused(400, 131009, "Recipient phone number is not a valid phone number.")
    kind = message.get("type")
    if kind not in TYPES or not isinstance(message.get(kind), dict):
        raise Refused(400, 100, f"Param type must be one of {TYPES}, with its own object.")
    if len(str(message.get("biz_opaque_callback_data", ""))) > 512:
        raise Refused(400, 131009, "biz_opaque_callback_data is too long.")
    if kind == "text":
        body = message["text"].get("body")
        if not isinstance(body, str) or not 0 < len(body) <= BODY:
            raise Refused(400, 131009, "Param text['body'] must be 1 to 4096 characters long.")
    if kind == "document" and len(message["document"].get("caption", "")) > CAPTION:
        raise Refused(400, 131009, "Param document['caption'] must be at most 1024 characters.")


def check_template(used: Mapping[str, Any], known: Mapping[tuple[str, str], Template]) -> None:
    """The template that a message uses exists and got what it needs. Raises Refused."""
    name, code = used.get("name"), (used.get("language") or {}).get("code")
    template = known.get((str(name), str(code)))
    if template is None:
        raise Refused(404, 132001, f"template name ({name}) does not exist in {code}")
    parts = {part.get("type"): part.get("parameters", []) for part in used.get("components", [])}
    heads = [part.get("type") for part in parts.get("header", [])]
    if heads != (["document"] if template.document else []):
        wanted = "DOCUMENT" if template.document else "UNKNOWN"
        raise Refused(400, 132012, f"header: Format mismatch, expected {wanted}, received {heads}")
    values = parts.get("body", [])
    if len(values) != template.values:
        said = f"body: number of localizable_params ({len(values)}) does not match"
        raise Refused(400, 132000, f"{said} the expected number of params ({template.values})")
    for value in values:
        text = value.get("text")
        if value.get("type") != "text" or not isinstance(text, str) or not text:
            raise Refused(400, 132012, "body: every value is a text")
        if _GAPS.search(text) or len(text) > PARAMETER:
            raise Refused(
                400, 132018, "Param text cannot have new-line/tab characters or more than 4 spaces"
            )


def documents_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The files that a message refers to."""
    if message["type"] == "document":
        return [message["document"]]
    parts = message.get("template", {}).get("components", [])
    return [
        value["document"]
        for part in parts
        for value in part.get("parameters", [])
        if value.get("type") == "document"
    ]
