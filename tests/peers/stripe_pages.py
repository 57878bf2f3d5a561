"""What people see of the Stripe peer: the page on which a payer pays, and the owner's desk."""

from html import escape
from typing import TYPE_CHECKING

from tests.peers.stripe_rules import HUNDREDS, NO_DIGITS, TENS, Thing

if TYPE_CHECKING:
    from tests.peers.stripe import StripePeer

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>body{{font:1rem system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1rem;margin:.25rem .25rem .25rem 0}}
table{{border-collapse:collapse}}td{{padding:.25rem 1rem .25rem 0}}.bad{{color:#b00020}}</style>
</head><body>"""


def amount_of(minor: int, currency: str) -> str:
    """Minor units as people read them."""
    digits = 0 if currency in NO_DIGITS else 3 if currency in TENS else 2
    digits = 2 if currency in HUNDREDS else digits
    return f"{minor / 10**digits:.{digits}f} {currency.upper()}"


def pay_page(session: Thing, problem: str = "") -> str:
    """The hosted page of a Checkout Session."""
    head = HEAD.format(title="Checkout")
    if session["status"] != "open":
        return f"{head}<h1>This page has expired</h1><p>Ask for a new link.</p></body></html>"
    action = f"/pay/{session['id']}"
    said = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    cancel = escape(session["cancel_url"] or "/", quote=True)
    back = f'<p><a href="{cancel}">Back to the shop</a></p></body></html>'
    if session["mode"] == "setup":
        kinds = {
            "works": "Save this card",
            "declines": "Save a card that declines",
            "asks": "Save a card that asks for its owner",
        }
        buttons = "".join(
            f'<button formaction="{action}/{card}">{words}</button>'
            for card, words in kinds.items()
        )
        return f'{head}<h1>Save a card</h1>{said}<form method="post">{buttons}</form>{back}'
    rows = "".join(
        f"<tr><td>{escape(item['quantity'])} ×</td>"
        f"<td>{escape(item['price_data']['product_data']['name'])}</td>"
        f"<td>{amount_of(int(item['price_data']['unit_amount']), session['currency'])}</td></tr>"
        for item in session["line_items"]
    )
    total = amount_of(session["amount_total"], session["currency"])
    return (
        f'{head}<h1>Pay {total}</h1>{said}<table>{rows}</table><form method="post">'
        f'<button formaction="{action}/works">Pay</button>'
        f'<button formaction="{action}/declines">Pay with a card that is declined</button></form>'
        f"{back}"
    )


def front_page(peer: "StripePeer") -> str:
    """Payments with what the account's owner may do to them, and the webhook addresses."""
    intents = [each for each in peer.books.objects.values() if each["object"] == "payment_intent"]
    lines = "".join(
        f"<tr><td>{each['id']}</td><td>{amount_of(each['amount'], each['currency'])}</td>"
        f"<td>{each['status']}</td><td>{_buttons(each) if each['latest_charge'] else ''}</td></tr>"
        for each in reversed(intents)
    )
    cases = "".join(
        f"<tr><td>{each['id']}</td><td>{each['status']}</td><td>"
        f"{_button(each['id'], 'won')}{_button(each['id'], 'lost')}</td></tr>"
        for each in peer.books.objects.values()
        if each["object"] == "dispute"
    )
    listeners = "".join(f"<li>{escape(each.url)}</li>" for each in peer.post.endpoints)
    fields = "".join(
        f'<p><label>{words} <input name="{name}" required></label></p>'
        for name, words in (("url", "Webhook address"), ("secret", "Signing secret"),
                            ("account", "Secret key of the account"))
    )  # fmt: skip
    return (
        f"{HEAD.format(title='Stripe peer')}<h1>Stripe peer</h1><h2>Payments</h2>"
        f"<table>{lines}</table><h2>Disputes</h2><table>{cases}</table><h2>Webhooks</h2>"
        f'<ul>{listeners}</ul><form method="post" action="/desk">{fields}'
        f'<button name="do" value="listen">Send events there</button></form></body></html>'
    )


def _buttons(intent: Thing) -> str:
    return (
        f'<form method="post" action="/desk"><input type="hidden" name="id" value="{intent["id"]}">'
        f'<input name="amount" size="8" value="{intent["amount"]}" aria-label="Minor units">'
        '<button name="do" value="refund">Refund</button>'
        '<button name="do" value="contest">Contest</button></form>'
    )


def _button(number: str, do: str) -> str:
    return (
        f'<form method="post" action="/desk"><input type="hidden" name="id" value="{number}">'
        f'<button name="do" value="{do}">{do}</button></form>'
    )
