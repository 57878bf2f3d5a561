"""Installing the app: what browsers ask for before they offer it, and what stays private."""

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image, ImageChops

from deploy.icons import ICONS as DRAWN
from deploy.icons import icon
from invoicer_core.web import bundles, pwa
from tests.integration.web.conftest import Visitor
from tests.integration.web.scenes import make_shop


def test_the_manifest_has_what_makes_an_app_installable(stranger: Visitor) -> None:
    answer = stranger.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    found = json.loads(answer.text)
    assert found["name"]
    assert len(found["short_name"]) <= 12
    assert found["display"] in ("standalone", "minimal-ui", "fullscreen")
    assert (found["start_url"], found["scope"], found["id"]) == ("/", "/", "/")
    for name in ("theme_color", "background_color"):
        assert re.fullmatch(r"#[0-9a-f]{6}", found[name])
    sizes = {(each["sizes"], each["purpose"]) for each in found["icons"]}
    assert sizes >= {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    for each in found["shortcuts"]:
        assert each["url"].startswith("/")


def test_every_icon_is_a_picture_of_the_size_it_says(stranger: Visitor) -> None:
    found = json.loads(stranger.get("/manifest.webmanifest").text)
    for each in [*found["icons"], {"src": "/icons/touch-180.png", "sizes": "180x180"}]:
        answer = stranger.get(each["src"])
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        width, height = map(int, each["sizes"].split("x"))
        assert Image.open(BytesIO(answer.data)).size == (width, height)
    for odd in ("/icons/../sw.js", "/icons/x.png", "/icons/icon-192.png.bak"):
        assert stranger.get(odd).status_code == 404


@pytest.mark.parametrize("name", DRAWN)
def test_the_icons_are_those_of_the_mark(name: str) -> None:
    """After a change of ``favicon.svg``: ``python deploy/icons.py``."""
    size, whole = DRAWN[name]
    kept = Image.open(Path(pwa.STATIC) / "icons" / name).convert("RGBA")
    difference = ImageChops.difference(kept, icon(size, whole=whole)).getextrema()
    assert all(most <= 2 for _, most in difference)


def test_a_maskable_icon_fills_its_square_and_keeps_the_mark_inside() -> None:
    image = icon(512, whole=True)
    assert image.getpixel((0, 0)) == image.getpixel((511, 511)) == (47, 84, 200, 255)
    outside = [image.getpixel((x, 20)) for x in range(0, 512, 16)]
    assert set(outside) == {(47, 84, 200, 255)}


def shell_of(script: str) -> list[str]:
    """The addresses that the service worker keeps."""
    found = re.search(r"^const SHELL = (\[.*\]);$", script, re.MULTILINE)
    assert found is not None
    shell: list[str] = json.loads(found[1])
    return shell


def test_the_worker_keeps_built_files_and_the_offline_page_only(stranger: Visitor) -> None:
    answer = stranger.get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    shell = shell_of(answer.text)
    built = {f"/static/dist/{name}" for name in bundles.DIST.glob("*")} | {
        f"/static/dist/{path.name}" for path in bundles.DIST.iterdir()
    }
    for path in shell:
        assert path in built | {"/favicon.svg", "/offline"}, path
        assert stranger.get(path).status_code == 200, path
    assert answer.text.count("cache.addAll") == 1
    for way in ("cache.put", ".put(", "cache.add("):
        assert way not in answer.text


def test_another_build_is_another_version(
    stranger: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stranger.get("/sw.js").text.splitlines()[0]
    monkeypatch.setattr(pwa, "SHELL", pwa.SHELL[:-1])
    assert stranger.get("/sw.js").text.splitlines()[0] != before


def test_the_offline_page_is_the_same_for_everybody(owner: Visitor, stranger: Visitor) -> None:
    mine, theirs = owner.get("/offline"), stranger.get("/offline")
    assert mine.text == theirs.text
    assert "Set-Cookie" not in theirs.headers
    assert owner.email not in mine.text
    assert "form_secret" not in mine.text
    shell = shell_of(stranger.get("/sw.js").text)
    for path in re.findall(r'(?:src|href)="(/static/[^"#]+)', mine.text):
        assert path in shell, path


def test_pages_of_the_app_name_the_manifest_and_clients_pages_do_not(
    app: Flask, owner: Visitor, stranger: Visitor
) -> None:
    link = '<link rel="manifest" href="/manifest.webmanifest">'
    for page in (owner.get("/"), stranger.get("/sign-in")):
        assert link in page.text
        assert '<meta name="theme-color"' in page.text
        assert 'rel="apple-touch-icon"' in page.text
        policy = page.headers["Content-Security-Policy"]
        assert "worker-src 'self'; manifest-src 'self'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    shop = make_shop(app)
    client = stranger.get(shop.link(shop.issue()))
    assert "manifest.webmanifest" not in client.text
    assert '<meta name="theme-color" content="#0f766e">' in client.text
