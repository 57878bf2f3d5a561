"""A sign-in's device in words, from the name that its browser gives itself."""

from typing import Final

from flask_babel import gettext as _

from invoicer_core.domain.account import SignInSnapshot
from invoicer_core.domain.devices import device_of

# Of two that match, the first counts: many browsers also claim to be others.
_BROWSERS: Final = (
    ("edg/", "Edge"), ("opr/", "Opera"), ("vivaldi", "Vivaldi"), ("samsungbrowser", "Samsung"),
    ("firefox/", "Firefox"), ("fxios", "Firefox"), ("crios", "Chrome"), ("chrome/", "Chrome"),
    ("safari/", "Safari"), ("curl/", "curl"), ("python", "Python"), ("postman", "Postman"),
    ("okhttp", "OkHttp"), ("go-http", "Go"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("iphone", "iPhone"), ("ipad", "iPad"), ("android", "Android"), ("windows", "Windows"),
    ("mac os", "macOS"), ("cros ", "ChromeOS"), ("linux", "Linux"),
)  # fmt: skip


def words(user_agent: str | None) -> str:
    """``Firefox on Windows``; what is not known is left out."""
    name = (user_agent or "").lower()
    browser = next((word for mark, word in _BROWSERS if mark in name), "")
    system = next((word for mark, word in _SYSTEMS if mark in name), "")
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("Unknown device"))


def icon(sign_in: SignInSnapshot) -> str:
    """The icon of its kind."""
    if sign_in.kind == "api":
        return "api"
    icons = {"mobile": "device-mobile", "tablet": "device-tablet"}
    return icons.get(device_of(sign_in.user_agent), "device-desktop")
