"""Every text of the pages is there in every language, with the same places to fill: the core's, and
those of each plugin that ships beside it."""

import re
from pathlib import Path

import pytest
from flask import Flask, request
from flask_babel import Babel

from invoicer_core.hooks.plugin import Plugin
from invoicer_core.host import Host, discover, install
from invoicer_core.host.loading import Candidate, load
from invoicer_core.host.registry import Registry
from invoicer_core.plugin import Settings, field
from invoicer_core.web import catalogs
from invoicer_core.web.catalogs import CORE, Book

ROOT = Path(__file__).parents[2]
PLACES = re.compile(r"%(?:\(\w+\))?[sd]|%%")


def shipped() -> dict[str, Book]:
    """The books of the plugins in this checkout that are installed."""
    found = {name: catalogs.book_of(each) for name, each in discover().plugins.items()}
    inside = ROOT / "plugins"
    return {name: book for name, book in found.items() if book.sources.is_relative_to(inside)}


BOOKS = {"core": CORE, **shipped()}
each_book = pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS.keys())
each_language = pytest.mark.parametrize("language", sorted(catalogs.translated()))


def words(given: object) -> list[str]:
    return list(given) if isinstance(given, tuple | list) else [str(given)]


@each_book
@each_language
def test_a_catalog_is_whole(book: Book, language: str) -> None:
    stored = book.read(language)
    known = {(each.id, each.context): each for each in stored if each.id}
    wanted = {(each.id, each.context) for each in book.gather() if each.id}
    assert not wanted - known.keys(), "run: python deploy/catalogs.py update"
    assert not known.keys() - wanted, "run: python deploy/catalogs.py update"
    empty = [each.id for each in known.values() if not all(words(each.string)) or each.fuzzy]
    assert not empty, f"{len(empty)} without a translation, the first: {empty[:5]}"


@each_book
@each_language
def test_a_translation_fills_the_same_places(book: Book, language: str) -> None:
    for each in book.read(language):
        if not each.id:
            continue
        wanted = {*PLACES.findall(words(each.id)[-1])}
        for text in words(each.string):
            found = {*PLACES.findall(text)}
            # One thing may be said without its number.
            assert found == wanted or (each.pluralizable and found < wanted), (each.id, text)


# --- a plugin of somebody else's, with catalogs -------------------------------------------------

SOURCE = '''
from collections.abc import Iterable
from flask_babel import gettext
from invoicer_core.plugin import Plugin, Settings, Slot, field, hookimpl

class PagerSettings(Settings):
    """Settings."""
    beep: str = field("once", title="How to beep", description="Loudly or not.")

class Pager(Plugin):
    """Messages to pagers."""
    name, settings = "pager", PagerSettings

    @hookimpl
    def slots(self) -> Iterable[Slot]:
        yield Slot("beep", "invoice.panels", lambda ctx, values: gettext("Beep") + gettext("Save"))
'''


@pytest.fixture
def pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Plugin]:
    """A plugin in a package that just came to be."""
    package = tmp_path / "invoicer_pager_of_the_catalogs"
    package.mkdir()
    (package / "__init__.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = __import__(package.name)
    found: type[Plugin] = module.Pager
    return found


def loaded(kind: type[Plugin]) -> catalogs.Loaded:
    return load(Candidate(kind.name, kind.__module__, kind))


def spoken(kind: type[Plugin] | None, *texts: str) -> list[str]:
    """What a German reader sees, with the plugin installed or not."""
    app = Flask("speaks")
    found = [kind] if kind else []
    registry: Registry = discover(extra=found, entry_points=False, strict=True)
    install(app, Host(registry=registry))
    catalogs.install(app)
    Babel(app, locale_selector=lambda: request.args["in"])
    with app.test_request_context("/?in=de"):
        return [catalogs.spoken(text) for text in texts]


def test_a_plugin_brings_its_own_words_and_takes_them_along(pager: type[Plugin]) -> None:
    book = catalogs.book_of(loaded(pager))
    assert {each.id for each in book.gather() if each.id} == {
        "Beep", "How to beep", "Loudly or not.", "Messages to pagers.",
    }  # fmt: skip
    book.update()
    path = book.path_of("de")
    path.write_text(path.read_text().replace('"Beep"\nmsgstr ""', '"Beep"\nmsgstr "Piep"'))
    book.build()
    CORE.build()
    assert spoken(pager, "Beep", "Save") == ["Piep", "Speichern"]
    assert spoken(None, "Beep", "Save") == ["Beep", "Speichern"]


def test_what_a_plugin_declares_may_have_a_percent_sign() -> None:
    assert spoken(None, "100 % sure", "") == ["100 % sure", ""]


def test_no_plugin_changes_the_cores_words(pager: type[Plugin]) -> None:
    book = catalogs.book_of(loaded(pager))
    book.update()
    path = book.path_of("de")
    path.write_text(path.read_text() + '\nmsgid "Save"\nmsgstr "Wegwerfen"\n')
    book.build()
    CORE.build()
    assert spoken(pager, "Save") == ["Speichern"]


def test_a_text_that_is_gone_or_new_is_seen(pager: type[Plugin]) -> None:
    book = catalogs.book_of(loaded(pager))
    book.update()
    with pytest.raises(AssertionError, match="without a translation"):
        test_a_catalog_is_whole(book, "de")
    path = book.path_of("de")
    path.write_text(path.read_text().replace('"Beep"', '"Boop"'))
    with pytest.raises(AssertionError, match="update"):
        test_a_catalog_is_whole(book, "de")


def test_settings_are_asked_for_their_words() -> None:
    class Asked(Settings):
        one: str = field("", title="One title", description="One help")

    class Asking(Plugin):
        """Asks."""

        name, settings = "asking", Asked

    texts = {each.id for each in catalogs.book_of(loaded(Asking)).gather() if each.id}
    assert texts >= {"One title", "One help", "Asks."}
