"""A business's own words: saved, looked at, put back; hostile ones over every form of channel."""

import pytest

from invoicer_core.domain.errors import InvalidInput, StaleVersion
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses, clients, messages, templates
from invoicer_core.services.messages import writing
from tests.factories import BY

SHORT = {"kind": "reminder", "form": "short", "language": "de"}
LONG = {"kind": "note", "form": "long", "language": "en"}


def test_own_words_take_the_place_and_can_be_put_back(business: int) -> None:
    before = templates.get(**SHORT)
    assert before.is_default
    saved = templates.save(**SHORT, text=" Bitte zahlen: {{ link }} ", by=BY)
    assert (saved.text, saved.is_default, saved.subject) == (
        "Bitte zahlen: {{ link }}",
        False,
        None,
    )
    assert templates.get(**SHORT) == saved
    assert [each.kind for each in templates.find().items if not each.is_default] == ["reminder"]
    assert templates.reset(**SHORT, by=BY) == before
    assert templates.reset(**SHORT, by=BY) == templates.get(**SHORT)


def test_another_business_keeps_its_own(business: int, other_business: int) -> None:
    templates.save(**SHORT, text="Bitte zahlen!", by=BY)
    with enter_business(other_business):
        assert templates.get(**SHORT).is_default


def test_two_people_at_once(business: int) -> None:
    first = templates.save(**SHORT, text="one", by=BY)
    templates.save(**SHORT, text="two", by=BY, expected_version=first.version)
    with pytest.raises(StaleVersion):
        templates.save(**SHORT, text="three", by=BY, expected_version=first.version)


@pytest.mark.parametrize(
    ("wrong", "pointer", "words"),
    [
        ({"text": "{{ clinet }}"}, "/text", "There is no {{ clinet }}"),
        ({"text": "{{ number }}"}, "/text", "There is no {{ number }}"),
        ({"subject": "{% if %}"}, "/subject", "no code"),
        ({"text": ""}, "/text", "needs a value"),
        ({"subject": " "}, "/subject", "needs a value"),
        ({"subject": "a\nBcc: x"}, "/subject", "control character"),
        ({"text": "x" * 10_001}, "/text", "10001 characters"),
        ({"text": "a\x00b"}, "/text", "control character"),
        ({"kind": "evil"}, "/kind", "one of"),
        ({"form": "../x"}, "/form", "one of"),
        ({"language": "tlh"}, "/language", "one of"),
    ],
)
def test_what_cannot_be_words_is_refused_by_name(
    business: int, wrong: dict[str, str], pointer: str, words: str
) -> None:
    given = {**LONG, "subject": "Hello", "text": "Hello {{ client }}", **wrong}
    for work in (templates.preview, lambda **all_: templates.save(**all_, by=BY)):
        with pytest.raises(InvalidInput) as refused:
            work(**given)
        assert refused.value.fields[0].pointer == pointer
        assert words in refused.value.fields[0].message
    assert all(each.is_default for each in templates.find().items)


HOSTILE = ("{{ signature }}", "<script>alert(1)</script>", "[link]\n\n[summary]", "{% raw %}",
           '"><img src=x onerror=alert(1)>', "a\r\nBcc: evil@x.test", "${7*7} {0}")  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_and_words_are_only_words(business: int, hostile: str) -> None:
    """In the name of the business, the greeting and the message, as text and as HTML."""
    name = " ".join(hostile.split())
    businesses.update(fields={"name": name, "settings": {"mail_signature": hostile}}, by=BY)
    client = clients.create(fields={"name": name, "email": "a@b.test"}, by=BY)
    made = messages.queue  # one row for each form, as a channel would get it
    for channel in ("email", "sms"):
        draft = writing.draft(client=client, channel=channel)
        words = writing.edited(draft, subject=draft.subject, text=f"{draft.text}\n\n{hostile}")
        letter = words.letter()
        assert "<script>" not in letter.html
        assert "<img src=x" not in letter.html
        assert "\n" not in letter.subject
        assert name in letter.text or "[link]" in hostile
        if channel == "email":
            kept = made(
                kind="note", recipient="a@b.test", text=letter.text, subject=letter.subject,
                html=letter.html, client_id=client.id, by=BY,
            )  # fmt: skip
            assert kept.subject == letter.subject
