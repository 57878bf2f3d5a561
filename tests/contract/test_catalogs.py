"""Every text of the pages is there in every language, with the same places to fill."""

import re

import pytest

from invoicer_core.web import catalogs

PLACES = re.compile(r"%(?:\(\w+\))?[sd]|%%")


def words(given: object) -> list[str]:
    return list(given) if isinstance(given, tuple | list) else [str(given)]


@pytest.mark.parametrize("language", sorted(catalogs.translated()))
def test_a_catalog_is_whole(language):
    stored = catalogs.read(language)
    known = {(each.id, each.context): each for each in stored if each.id}
    wanted = {(each.id, each.context) for each in catalogs.gather() if each.id}
    assert not wanted - known.keys(), "run: python deploy/catalogs.py update"
    assert not known.keys() - wanted, "run: python deploy/catalogs.py update"
    empty = [each.id for each in known.values() if not all(words(each.string)) or each.fuzzy]
    assert not empty, f"{len(empty)} without a translation, the first: {empty[:5]}"


@pytest.mark.parametrize("language", sorted(catalogs.translated()))
def test_a_translation_fills_the_same_places(language):
    for each in catalogs.read(language):
        if not each.id:
            continue
        wanted = {*PLACES.findall(words(each.id)[-1])}
        for text in words(each.string):
            found = {*PLACES.findall(text)}
            # One thing may be said without its number.
            assert found == wanted or (each.pluralizable and found < wanted), (each.id, text)
