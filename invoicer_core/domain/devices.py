"""What kind of device a browser runs on, by the name it gives itself. Nothing more is wanted."""

from typing import Final, Literal

Device = Literal["desktop", "mobile", "tablet", "other"]

DEVICES: Final[tuple[Device, ...]] = ("desktop", "mobile", "tablet", "other")
# Programs that fetch a page for a preview or a check: nobody looked.
_MACHINES: Final = (
    "bot", "crawl", "spider", "preview", "externalhit", "whatsapp/", "curl", "wget", "python",
    "httpclient", "okhttp", "go-http", "monitor", "scan",
)  # fmt: skip
_TABLETS: Final = ("ipad", "tablet", "kindle", "silk/", "playbook")
_DESKTOPS: Final = ("windows nt", "macintosh", "x11", "cros ")


def is_machine(user_agent: str | None) -> bool:
    """True for a program that says it is none of a person's browsers, or says nothing."""
    name = (user_agent or "").lower()
    return not name or any(mark in name for mark in _MACHINES)


def device_of(user_agent: str | None) -> Device:
    """The kind of device; Android without "Mobile" is a tablet, as Google asks makers to say."""
    name = (user_agent or "").lower()
    if any(mark in name for mark in _TABLETS) or ("android" in name and "mobile" not in name):
        return "tablet"
    if "mobi" in name or "iphone" in name or "android" in name:
        return "mobile"
    return "desktop" if any(mark in name for mark in _DESKTOPS) else "other"
