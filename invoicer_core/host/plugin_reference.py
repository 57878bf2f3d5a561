"""What a plugin says of itself, as a section of a reference page."""

from collections.abc import Iterator
from typing import Any, Final

from invoicer_core.hooks.plugin import HOOKS, description_of, title_of
from invoicer_core.hooks.settings import FormField, form_fields
from invoicer_core.host.lineages import schema_of
from invoicer_core.host.loading import Loaded, implements

_OFFERS: Final = (
    ("payment_providers", "Takes payments", "`{offer.name}` ({offer.title})"),
    ("message_channels", "Sends messages", "`{offer.name}` ({offer.title})"),
    ("document_stores", "Keeps documents", "`{offer.name}`"),
    ("document_renderers", "Renders documents", "`{offer.name}`"),
    ("inbound_webhooks", "Is called at", "`/hooks/{plugin}/{offer.name}/<business>`"),
    ("pages", "Pages", "`/plugins/{plugin}`"),
    ("api_resources", "API", "`/api/v1/plugins/{plugin}`"),
    ("schedules", "Does by itself", "`{offer.name}`"),
    ("commands", "Commands", "`{offer.name}`"),
    ("health_checks", "Checks", "`{offer.name}`"),
)


def section(loaded: Loaded) -> str:
    """One plugin: what it is, what it offers, what it hears, what may be set."""
    kind = type(loaded.plugin)
    lines = [f"## `{loaded.name}`: {title_of(kind)}", "", description_of(kind), ""]
    lines += [f"- Package: `{loaded.package.partition(' ')[0]}`"]
    lines += [f"- {words}: {what}" for words, what in _offered(loaded)]
    heard = [f"`{each}`" for each in _heard(kind)]
    lines += [f"- Hears: {', '.join(heard)}"] if heard else []
    lines += [f"- Tables: schema `{schema_of(loaded.name)}`"] if kind.migrations else []
    return "\n".join([*lines, "", *_settings(loaded)]).strip() + "\n"


def _offered(loaded: Loaded) -> Iterator[tuple[str, str]]:
    for hook, words, form in _OFFERS:
        offers = loaded.offers.get(hook, ())
        shown = [form.format(plugin=loaded.name, offer=each) for each in offers]
        if shown:
            yield words, ", ".join(dict.fromkeys(shown))


def _heard(kind: Any) -> Iterator[str]:
    for hook, family in HOOKS.items():
        if family == "event" and implements(kind, hook):
            yield hook


def _settings(loaded: Loaded) -> Iterator[str]:
    fields = form_fields(loaded.plugin.settings)
    if fields:
        yield from (
            "| Setting | On the form | Kind | Variable | Meaning |",
            "|---|---|---|---|---|",
        )
    for each in fields:
        variable = f"`{each.env}`" if each.env else ""
        meaning = " ".join((each.description or "").split())
        cells = (f"`{each.name}`", each.title, _kind(each), variable, meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _kind(each: FormField) -> str:
    kind = ", ".join(f"`{choice}`" for choice in each.choices) or each.kind
    return f"{kind}, required" if each.required else kind
