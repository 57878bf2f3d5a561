"""The words of messages: those that come with Invoicer, or the business's own in their place."""

from invoicer_core.api.resources import Resource
from invoicer_core.api.schemas.messages import TemplateInput, TemplateQuery
from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.services import templates
from invoicer_core.services.mail_texts import LANGUAGES
from invoicer_core.services.templates import TemplateSnapshot

resource = Resource("templates", tag="Message templates")


@resource.get(
    "/message-templates", "messages.read", query=TemplateQuery, answer=Page[TemplateSnapshot]
)
def list_message_templates(query: TemplateQuery) -> Page[TemplateSnapshot]:
    """List the words of all kinds of messages, in every form and language."""
    return templates.find(kind=query.kind)


@resource.get("/message-templates/{template}", "messages.read", answer=TemplateSnapshot)
def get_message_template(template: str) -> TemplateSnapshot:
    """Get the words of a kind, form and language, named such as ``invoice.long.en``."""
    kind, form, language = _named(template)
    return templates.get(kind=kind, form=form, language=language)


@resource.put(
    "/message-templates/{template}", "settings.write", body=TemplateInput, answer=TemplateSnapshot
)
def save_message_template(
    template: str, body: TemplateInput, by: Actor, version: int | None
) -> TemplateSnapshot:
    """Put the business's own words in the place of those that came with Invoicer."""
    kind, form, language = _named(template)
    return templates.save(
        kind=kind, form=form, language=language, subject=body.subject, text=body.text, by=by,
        expected_version=version,
    )  # fmt: skip


@resource.delete("/message-templates/{template}", "settings.write")
def reset_message_template(template: str, by: Actor) -> None:
    """Go back to the words that came with Invoicer."""
    kind, form, language = _named(template)
    templates.reset(kind=kind, form=form, language=language, by=by)


def _named(template: str) -> tuple[str, str, str]:
    kind, _, rest = template.partition(".")
    form, _, language = rest.partition(".")
    if kind in templates.KINDS and form in templates.FORMS and language in LANGUAGES:
        return kind, form, language
    raise NotFound(say("There are no such words."))
