"""The language of templates: places and nothing else, whatever is written or put in."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoicer_core.services.templates import kinds, language, records
from invoicer_core.services.templates.language import Unreadable

NAMES = ("client", "number", "link")
HOSTILE = (
    "{{ client.__class__ }}", "{{ client|safe }}", "{{ 7*7 }}", "{{ self }}", "{{ config }}",
    "{{ client() }}", "{{ client['x'] }}", "{{ ''.__class__.__mro__ }}", "{% for x in y %}",
    "{%- if client %}", "{# comment #}", "{{ client", "client }}", "{{{{client}}}}", "{{}}",
    "{{ }}", "{{ CLIENT }}", "{{ cliеnt }}", "{{ client\n}}", "{{\u200bclient}}", "{{ client ",
    "{{ password }}", "{{client}}{{ smtp_url }}", "{{{ client }}}", "{{ {{ client }} }}",
    "{{ request.application }}", "{{ lipsum.__globals__ }}", "{{ cycler.__init__ }}",
    "{{ client }} }}", "%} {{ client }}",
)  # fmt: skip
"""What must be refused when it is saved."""
HARMLESS = (
    "${7*7}", "#{7*7}", "<%= 7*7 %>", "%(client)s", "{client}", "{0.__class__}", "%s%n", "$client",
    "[[7*7]]", "@(7*7)", "*{7*7}", "~{x}", "{ { client } }", "\\{\\{", "&lt;", "<script>",
)  # fmt: skip
"""What means something elsewhere, and here is only words."""


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_place_is_refused_by_name(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        language.parse(text, NAMES)
    assert str(refused.value)


@pytest.mark.parametrize("text", HARMLESS)
def test_words_of_other_languages_are_words(text: str) -> None:
    assert language.parse(text, NAMES).fill({}) == text


def test_a_name_that_there_is_not_is_named_with_those_that_are() -> None:
    with pytest.raises(Unreadable, match=r"no \{\{ clinet \}\}; there are client, link, number"):
        language.parse("Hello {{ clinet }}", NAMES)


def test_many_places_are_too_many() -> None:
    language.parse("{{ client }}" * language.MOST_PLACES, NAMES)
    with pytest.raises(Unreadable, match="at most"):
        language.parse("{{ client }}" * (language.MOST_PLACES + 1), NAMES)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = language.parse(text, NAMES)
    except Unreadable:
        return
    assert len(found.words) == len(found.names) + 1
    assert set(found.names) <= set(NAMES)
    assert "{{" not in "".join(found.words)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_characters="{}%#"), max_size=20),
                  st.sampled_from(NAMES)), max_size=20,
    ),
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40), min_size=3),
)  # fmt: skip
def test_values_are_put_in_as_they_are(
    parts: list[tuple[str, str]], values: dict[str, str]
) -> None:
    """A value that looks like a place, or like markup, is not looked at again."""
    written = "".join(f"{words}{{{{ {name} }}}}" for words, name in parts)
    wanted = "".join(f"{words}{values[name]}" for words, name in parts)
    assert language.parse(written, NAMES).fill(values) == wanted


@settings(deadline=None)
@given(st.sampled_from(HOSTILE + HARMLESS))
def test_a_name_full_of_braces_is_only_a_name(name: str) -> None:
    values = {"client": name, "number": "1", "link": "l"}
    found = language.parse("Hello {{ client }}, {{ number }}", NAMES).fill(values)
    assert found == f"Hello {name}, 1"


def test_every_default_can_be_read() -> None:
    for kind in kinds.KINDS:
        for form in kinds.FORMS:
            for tongue in kinds.LANGUAGES:
                found = records.default(kind=kind, form=form, language=tongue)
                language.parse(found.text, found.variables)
                language.parse(found.subject or "", found.variables)
                assert len(found.text) <= records.LONGEST[form]
                assert (form == "short") == (found.subject is None)


@pytest.mark.parametrize("kind", ["invoice", "reminder", "receipt"])
@pytest.mark.parametrize("tongue", kinds.LANGUAGES)
def test_short_words_about_an_invoice_hold_its_link_and_number(kind: str, tongue: str) -> None:
    words = kinds.SHORT[kind][tongue]
    assert {"link", "number", "business"} <= set(re.findall(r"\{\{ (\w+) \}\}", words))
