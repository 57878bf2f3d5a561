"""The words of messages: those that come with Invoicer, and a business's own in their place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.domain.snapshots import Page
from invoicer_core.models import db
from invoicer_core.models.documents import MessageTemplate
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services import businesses, mail_texts
from invoicer_core.services.fields import text as text_check
from invoicer_core.services.mail_texts import LANGUAGES, Letter
from invoicer_core.services.rows import check_version, refuse, touch
from invoicer_core.services.templates import kinds, language
from invoicer_core.services.transaction import transaction

LONGEST: Final = {"long": 10_000, "short": 1_000}
SUBJECT_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSnapshot:
    """The words of a kind of message over a form of channel in a language.

    Args:
        form: ``long`` for e-mail, ``short`` for text messages and calls.
        is_default: they came with Invoicer; the business has none of its own.
        variables: what may stand in ``{{ }}``.
    """

    kind: str
    form: str
    language: str
    subject: str | None = None
    text: str
    is_default: bool
    variables: tuple[str, ...]
    version: int = 0
    updated_at: datetime | None = None


def get(*, kind: str, form: str, language: str) -> TemplateSnapshot:
    """The words that are used. Raises InvalidInput for no such kind, form or language."""
    _check_names(kind, form, language)
    row = _row(kind, form, language)
    return default(kind=kind, form=form, language=language) if row is None else _snapshot(row)


def default(*, kind: str, form: str, language: str) -> TemplateSnapshot:
    """The words that came with Invoicer. Raises InvalidInput."""
    _check_names(kind, form, language)
    subject: str | None = None
    if form == "short":
        words = kinds.SHORT[kind][language]
    else:
        subject, words = mail_texts.source(kind, language)
    return TemplateSnapshot(
        kind=kind, form=form, language=language, subject=subject, text=words, is_default=True,
        variables=kinds.VARIABLES[kind],
    )  # fmt: skip


def find(*, kind: str | None = None) -> Page[TemplateSnapshot]:
    """All words that are used, in every form and language."""
    if kind is not None and kind not in kinds.KINDS:
        refuse("/kind", say("This is one of %(names)s.", names=", ".join(kinds.KINDS)))
    mine = select(MessageTemplate).where(MessageTemplate.business_id == current_business_id())
    own = {(row.kind, row.form, row.language): row for row in db.session.scalars(mine)}
    every = [
        _snapshot(own[key]) if key in own else default(kind=key[0], form=key[1], language=key[2])
        for key in (
            (each, form, tongue)
            for each in kinds.KINDS
            for form in kinds.FORMS
            for tongue in LANGUAGES
        )
        if kind is None or key[0] == kind
    ]
    return Page(items=tuple(every), next_cursor=None, total=len(every))


def save(
    *,
    kind: str,
    form: str,
    language: str,
    text: str,
    by: Actor,
    subject: str | None = None,
    expected_version: int | None = None,
) -> TemplateSnapshot:
    """Put the business's own words in the place of those that came with Invoicer.

    Raises:
        InvalidInput: at ``/subject`` or ``/text``: a place that there is not, or too long.
        StaleVersion: somebody else changed them since ``expected_version``.
    """
    _check_names(kind, form, language)
    values = _checked(kind, form, subject, text)
    with transaction(by=by) as unit:
        row = _row(kind, form, language, lock=True)
        if row is None:
            row = MessageTemplate(
                business_id=current_business_id(), kind=kind, form=form, language=language,
                **values,
            )  # fmt: skip
            db.session.add(row)
        else:
            found = row
            check_version(found, expected_version, "template", lambda: _snapshot(found))
            row.subject, row.text = values["subject"], values["text"] or ""
            touch(row)
        db.session.flush()
        db.session.refresh(row)
        unit.record("template.saved", kind=kind, form=form, language=language)
        return _snapshot(row)


def reset(*, kind: str, form: str, language: str, by: Actor) -> TemplateSnapshot:
    """Go back to the words that came with Invoicer. Twice is the same as once."""
    _check_names(kind, form, language)
    with transaction(by=by) as unit:
        row = _row(kind, form, language, lock=True)
        if row is not None:
            db.session.delete(row)
            unit.record("template.reset", kind=kind, form=form, language=language)
        return default(kind=kind, form=form, language=language)


def preview(*, kind: str, form: str, language: str, subject: str | None, text: str) -> Letter:
    """How a text would look, with made-up values. Raises InvalidInput as `save`."""
    _check_names(kind, form, language)
    values = _checked(kind, form, subject, text)
    business = businesses.current()
    samples = {**kinds.samples(language), "business": business.name, "signature": signature()}
    words = fill(values["text"] or "", kind, samples)
    if form == "short":
        return Letter("", words, "")
    about = mail_texts.labels(language)
    rows = [(about["number"], samples["number"]), (about["balance"], samples["balance"])]
    return mail_texts.lay_out(
        fill(values["subject"] or "", kind, samples), words, language=language,
        rows=rows, link=samples["link"], color=business.color,
    )  # fmt: skip


def fill(text: str, kind: str, values: dict[str, str]) -> str:
    """A text of a kind with its values; what is not known is left empty."""
    known = kinds.VARIABLES[kind]
    return language.parse(text, known).fill({name: values.get(name, "") for name in known})


def signature() -> str:
    """How messages end: the business's own words, or its name."""
    business = businesses.current()
    return str(business.settings.get("mail_signature") or business.name)


def _checked(kind: str, form: str, subject: str | None, text: str) -> dict[str, str | None]:
    faults: list[FieldError] = []
    values: dict[str, str | None] = {"subject": None, "text": text}
    wanted = {"text": (text, LONGEST[form], True)}
    if form == "long":
        wanted["subject"] = (subject or "", SUBJECT_LONGEST, False)
    for name, (value, most, lines) in wanted.items():
        try:
            tidy = text_check(most, lines=lines)(value)
            if not tidy:
                raise ValueError(say("This field needs a value."))
            language.parse(tidy, kinds.VARIABLES[kind])
            values[name] = tidy
        except ValueError as wrong:
            faults.append(FieldError(f"/{name}", wrong.args[0]))
    if faults:
        raise InvalidInput(faults[0].message, faults)
    return values


def _check_names(kind: str, form: str, language: str) -> None:
    for name, value, known in (
        ("kind", kind, kinds.KINDS), ("form", form, kinds.FORMS), ("language", language, LANGUAGES),
    ):  # fmt: skip
        if value not in known:
            refuse(f"/{name}", say("This is one of %(names)s.", names=", ".join(known)))


def _row(kind: str, form: str, language: str, *, lock: bool = False) -> MessageTemplate | None:
    statement = select(MessageTemplate).where(
        MessageTemplate.business_id == current_business_id(),
        MessageTemplate.kind == kind,
        MessageTemplate.form == form,
        MessageTemplate.language == language,
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(statement).first()


def _snapshot(row: MessageTemplate) -> TemplateSnapshot:
    return TemplateSnapshot(
        kind=row.kind, form=row.form, language=row.language, subject=row.subject, text=row.text,
        is_default=False, variables=kinds.VARIABLES[row.kind], version=row.version,
        updated_at=row.updated_at,
    )  # fmt: skip
