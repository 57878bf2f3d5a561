"""Security headers of every answer, whichever face gives it.

The policy lets nothing run or load that is not served by ourselves: no inline script, no inline
style, no eval, no frame, no foreign host. A page that needs more says so with `widen`.
"""

from collections.abc import Mapping
from typing import Final

from flask import Flask, Response, g, request

POLICY: Final[dict[str, tuple[str, ...]]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:"),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "worker-src": ("'self'",),
    "manifest-src": ("'self'",),
    "object-src": ("'none'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
    "form-action": ("'self'",),
}
FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
API: Final = "/api/"
"""What lies below has stricter policies of its own."""

HSTS: Final = "max-age=31536000; includeSubDomains"


def widen(directive: str, *sources: str) -> None:
    """Let this one answer use more sources, e.g. ``widen("frame-src", "'self'")``."""
    wider: dict[str, tuple[str, ...]] = g.setdefault("wider_policy", {})
    wider[directive] = (*wider.get(directive, ()), *sources)


def keep_private() -> None:
    """Mark this answer as one person's: no cache may keep it."""
    g.private_answer = True


def hide_referrer() -> None:
    """Mark this answer's address as a secret (a signed link): it is told to nobody, and not listed
    by search engines."""
    g.referrer_policy = "no-referrer"


def _policy(wider: Mapping[str, tuple[str, ...]]) -> str:
    parts = []
    for directive in (*POLICY, *(name for name in wider if name not in POLICY)):
        sources = (*POLICY.get(directive, ()), *wider.get(directive, ()))
        if len(sources) > 1:
            sources = tuple(source for source in sources if source != "'none'")
        parts.append(f"{directive} {' '.join(sources)}")
    return "; ".join(parts)


def install(app: Flask, *, https: bool) -> None:
    """Send the headers with every answer of the application; HSTS only where https is used."""
    plain = _policy({})

    @app.after_request
    def secure(response: Response) -> Response:
        headers = response.headers
        # Looking for one walks through all of them, so that is done once.
        there = {name.lower() for name, _ in headers}
        wanted = dict(FIXED)
        if not request.path.startswith(API):
            wanted["Referrer-Policy"] = g.get("referrer_policy", "same-origin")
            policy = _policy(g.wider_policy) if "wider_policy" in g else plain
            wanted["Content-Security-Policy"] = policy
        for name, value in wanted.items():
            if name.lower() not in there:
                headers.add(name, value)
        if https:
            headers.setdefault("Strict-Transport-Security", HSTS)
        if headers.get("Referrer-Policy") == "no-referrer":
            headers.setdefault("X-Robots-Tag", "noindex")
        if g.get("private_answer"):
            headers["Cache-Control"] = "no-store"
        return response
