"""The page of the Twilio peer for people: messages and calls, buttons to answer and press keys."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.peers.twilio import Message, Twilio
    from tests.peers.voice import Call

STYLE = """
*{box-sizing:border-box}body{margin:0;font:16px/1.45 system-ui,sans-serif;background:#f4f5f7;
color:#1b2430}header{background:#1f304c;color:#fff;padding:.8rem 1rem}h1{font-size:1.15rem;margin:0}
header p{margin:.2rem 0 0;font-size:.9rem}a{color:inherit}
main{max-width:46rem;margin:0 auto;padding:1rem}
h2{font-size:1rem;margin:1.5rem 0 .5rem}article{background:#fff;border:1px solid #cfd6df;
border-radius:.5rem;padding:.7rem .9rem;margin:.6rem 0;overflow-wrap:anywhere}
p{margin:.3rem 0}.who{font-size:.85rem;color:#4a5768}.text{white-space:pre-wrap}
form{display:inline-flex;gap:.4rem;flex-wrap:wrap;margin:.3rem .3rem 0 0}
button{font:inherit;font-size:.9rem;padding:.35rem .8rem;border:1px solid #1f304c;
border-radius:.35rem;background:#fff;color:#1f304c;cursor:pointer;min-height:2.25rem}
input{font:inherit;font-size:.9rem;padding:.3rem .6rem;border:1px solid #7b8794;
border-radius:.35rem;background:#fff;color:inherit}@media(prefers-color-scheme:dark){body{background:#12171f;color:#e6eaf0}
article{background:#1c2430;border-color:#3a4656}.who{color:#aeb9c7}
button,input{background:#232d3b;color:#e6eaf0;border-color:#7b8794}}
"""
HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Twilio peer</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,"><style>{style}</style></head>
<body><header><h1>Telephones</h1><p>What went out from {number}. Nothing here
leaves this machine. <a href="/">Look again</a></p></header><main>"""
END = "</main></body></html>"
MISSES = (("busy", "Busy"), ("no-answer", "Nobody answers"))


def page(twilio: "Twilio") -> str:
    """All of it, newest first."""
    parts = [HEAD.format(style=STYLE, number=escape(twilio.number))]
    if twilio.wrong:
        wrong = "".join(f"<p>{escape(each)}</p>" for each in twilio.wrong)
        parts.append(f"<h2>Wrong requests</h2><article>{wrong}</article>")
    parts.append("<h2>Calls</h2>")
    parts += [_call(each) for each in reversed(twilio.exchange.calls.values())] or ["<p>None.</p>"]
    parts.append("<h2>Text messages</h2>")
    parts += [_message(each) for each in reversed(twilio.messages.values())] or ["<p>None.</p>"]
    return "".join([*parts, END])


def act(twilio: "Twilio", path: str, form: dict[str, str]) -> None:
    """What a button asks for; one that was overtaken by events does nothing."""
    verb, _, sid = path.strip("/").partition("/")
    url, message = twilio.reply_address(), twilio.messages.get(sid)
    if verb == "reply" and message is not None and url is not None:
        twilio.reply(url, message.to, form.get("text", ""))
    call = twilio.exchange.calls.get(sid)
    if call is None:
        return
    if verb == "answer" and call.status == "queued":
        twilio.exchange.answer(call)
    elif verb == "miss" and call.status == "queued":
        twilio.exchange.miss(call, form.get("how", "busy"))
    elif verb == "press" and call.gather is not None:
        twilio.exchange.press(call, form.get("key", "1"))
    elif verb == "hang-up" and call.status == "in-progress":
        twilio.exchange.hang_up(call)


def _message(message: "Message") -> str:
    who = f"To {message.to}" if message.direction != "inbound" else f"From {message.sender}"
    shown = (
        f'<article><p class="who">{escape(who)} · {escape(message.status)}</p>'
        f'<p class="text">{escape(message.body)}</p>'
    )
    if message.direction == "inbound":
        return shown + "</article>"
    words = "".join(_button(f"/reply/{message.sid}", word, text=word) for word in _WORDS)
    own = (
        f'<form method="post" action="/reply/{message.sid}">'
        '<input name="text" aria-label="Answer" placeholder="Answer" required>'
        "<button>Send</button></form>"
    )
    return f"{shown}{words}{own}</article>"


_WORDS = ("STOP", "START", "HELP")


def _call(call: "Call") -> str:
    said = "".join(
        f'<p class="text" lang="{escape(language)}">{escape(text)}</p>'
        for language, text in call.said
    )
    keys = f" · pressed {escape(' '.join(call.keys))}" if call.keys else ""
    who = f'<p class="who">To {escape(call.to)} · {escape(call.status)}{keys}</p>'
    buttons = ""
    if call.status == "queued":
        misses = "".join(_button(f"/miss/{call.sid}", title, how=how) for how, title in MISSES)
        buttons = _button(f"/answer/{call.sid}", "Answer") + misses
    elif call.gather is not None:
        keypad = "".join(_button(f"/press/{call.sid}", key, key=key) for key in "129")
        buttons = keypad + _button(f"/hang-up/{call.sid}", "Hang up")
    return f"<article>{who}{said}{buttons}</article>"


def _button(action: str, title: str, **given: str) -> str:
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in given.items()
    )
    return f'<form method="post" action="{action}">{fields}<button>{title}</button></form>'
