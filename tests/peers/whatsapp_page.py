"""The page of the WhatsApp peer for people: what came to each phone, a box to answer, "read"."""

from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any

import requests
from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

if TYPE_CHECKING:
    from tests.peers.whatsapp import Sent, WhatsApp

STYLE = """
*{box-sizing:border-box}body{margin:0;font:16px/1.45 system-ui,sans-serif;background:#ece5dd;
color:#111b21}header{background:#075e54;color:#fff;padding:.8rem 1rem}h1{font-size:1.1rem;margin:0}
header p{margin:.2rem 0 0;font-size:.85rem}main{max-width:44rem;margin:0 auto;padding:1rem}
h2{font-size:1rem;margin:1.5rem 0 .5rem}.b{max-width:85%;width:fit-content;padding:.5rem .7rem;
border-radius:.6rem;margin:.4rem 0;background:#fff;overflow-wrap:anywhere;white-space:pre-wrap}
.me{margin-left:auto;background:#d9fdd3}.s{display:block;font-size:.78rem;color:#54656f;
margin-top:.2rem}.d{display:block;background:#f0f2f5;border-radius:.4rem;padding:.5rem;
margin-bottom:.3rem;color:#075e54}form{display:flex;gap:.5rem;margin:.4rem 0;flex-wrap:wrap}
input{flex:1;min-width:10rem;font:inherit;padding:.5rem .7rem;border:1px solid #8696a0;
border-radius:1.2rem;background:#fff;color:inherit}button{font:inherit;padding:.5rem 1rem;border:0;
border-radius:1.2rem;background:#00796b;color:#fff;cursor:pointer}.r{display:inline}
.r button{padding:.1rem .6rem;font-size:.78rem}.k{font-size:.85rem}
@media(prefers-color-scheme:dark){body{background:#0b141a;color:#e9edef}.b{background:#202c33}
.me{background:#005c4b}.s{color:#aebac1}.d{background:#111b21;color:#7fe0c8}
input{background:#2a3942;border-color:#54656f}}
"""
HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>WhatsApp peer</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,"><style>{style}</style></head><body><header><h1>Phones</h1>
<p>What a client sees of +{number}. Nothing here leaves this machine.</p></header><main>"""
NEW = """<h2>Write as a new client</h2><form method="post" action="/reply">
<input name="number" placeholder="+4917612345678" aria-label="Number" required>
<input name="text" placeholder="Message" aria-label="Message" required>
<button>Send</button></form></main></body></html>"""


def pages(peer: "WhatsApp") -> Blueprint:
    """The page and its buttons."""
    views = Blueprint("phones", __name__)

    @views.get("/")
    def phones() -> str:
        numbers = [each.to for each in peer.sent] + [str(each["from"]) for each in peer.inbound]
        chats = "".join(_chat(peer, each) for each in dict.fromkeys(reversed(numbers)))
        none = "<p>No message yet. Send an invoice over WhatsApp, or write one here.</p>"
        return HEAD.format(style=STYLE, number=peer.number) + (chats or none) + NEW

    @views.get("/files/<media_id>")
    def file(media_id: str) -> Response:
        found = peer.media.get(media_id)
        if found is None:
            return Response("No such file.", 404)
        return Response(found.data, mimetype=found.media_type)

    @views.post("/reply")
    def reply() -> Answer:
        number = "".join(char for char in request.form["number"] if char.isdigit())
        _tell(peer, peer.reply(number, text={"body": request.form["text"]}))
        return redirect("/", 303)

    @views.post("/read/<message_id>")
    def read(message_id: str) -> Answer:
        for each in peer.sent:
            if each.id == message_id:
                _tell(peer, peer.status(each, "read"))
        return redirect("/", 303)

    return views


def _tell(peer: "WhatsApp", item: dict[str, Any]) -> None:
    if peer.callback is not None:
        with suppress(requests.RequestException):  # the phone works without the business
            peer.call([item])


def _chat(peer: "WhatsApp", number: str) -> str:
    said = [(each.at.timestamp(), _bubble(each)) for each in peer.sent if each.to == number]
    said += [
        (float(each["timestamp"]), f'<div class="b me">{escape(_words(each))}</div>')
        for each in peer.inbound
        if each["from"] == number
    ]
    lines = "".join(line for _, line in sorted(said, key=lambda each: each[0]))
    window = "open" if peer.is_open(number) else "closed"
    return (
        f'<section><h2>+{escape(number)} <span class="k">(24-hour window {window})</span></h2>'
        f'{lines}<form method="post" action="/reply"><input type="hidden" name="number" '
        f'value="{escape(number)}"><input name="text" required placeholder="Answer as the client" '
        f'aria-label="Answer of +{escape(number)}"><button>Send</button></form></section>'
    )


def _bubble(sent: "Sent") -> str:
    kind = sent.body["type"]
    file = ""
    if sent.media is not None:
        name = _filename(sent) or sent.media.filename
        file = f'<a class="d" href="/files/{sent.media.id}">PDF: {escape(name)}</a>'
    words = sent.body[kind]
    if kind == "template":
        values = [
            value.get("text", "")
            for part in words.get("components", [])
            if part["type"] == "body"
            for value in part["parameters"]
        ]
        code = words["language"]["code"]
        text = f"Template {words['name']} ({code})\n" + "\n".join(values)
    else:
        text = words.get("body") or words.get("caption") or ""
    button = ""
    if sent.state not in ("read", "failed"):
        button = (
            f' <form class="r" method="post" action="/read/{escape(sent.id)}">'
            "<button>Mark read</button></form>"
        )
    return (
        f'<div class="b">{file}{escape(text)}<span class="s">{escape(sent.state)}{button}</span>'
        "</div>"
    )


def _filename(sent: "Sent") -> str:
    if sent.body["type"] == "document":
        return str(sent.body["document"].get("filename", ""))
    for part in sent.body["template"].get("components", []):
        for value in part["parameters"]:
            if value["type"] == "document":
                return str(value["document"].get("filename", ""))
    return ""


def _words(message: dict[str, Any]) -> str:
    text = message.get("text")
    return str(text["body"]) if isinstance(text, dict) else f"({message['type']})"
