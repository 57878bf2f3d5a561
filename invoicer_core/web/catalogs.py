"""The pages' languages: where catalogs lie, how they are gathered from the sources, and compiled.

The core has one catalog per language in ``translations``; a plugin brings its own in a folder of
that name beside its class's module. Catalogs are versioned as ``.po``; ``.mo`` files are built.

    python deploy/catalogs.py update     gather texts into the .po files, the shipped plugins' too
    python deploy/catalogs.py build      compile them to .mo files
    invoicer plugins texts NAME          both, for one installed plugin
"""

import inspect
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from flask import Flask
from flask_babel import gettext

from invoicer_core.domain.event import EVENTS
from invoicer_core.hooks.faces import DashboardWidget, MenuItem
from invoicer_core.hooks.offers import MessageChannel, PaymentProvider
from invoicer_core.hooks.plugin import description_of, title_of
from invoicer_core.hooks.settings import form_fields
from invoicer_core.hooks.workflows import Workflow
from invoicer_core.host.loading import Loaded
from invoicer_core.host.registry import discover

LANGUAGES: Final = ("en", "de", "fr", "es")
"""English is what the sources say; the others have a catalog."""

WEB: Final = Path(__file__).parent
DOMAIN: Final = "messages"
_METHODS: Final = [("**.py", "python"), ("**.html", "jinja2")]
_OPTIONS: Final = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
_KEYWORDS: Final = {
    "_": None, "gettext": None, "lazy": None, "lazy_gettext": None,
    "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "N_": None,
    "say": None, "term": ((1, "c"), 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Book:
    """The catalogs of the web app, or of one plugin.

    Args:
        title: whose texts they are, for the heads of the files.
        sources: the folder that is searched; the catalogs lie in its ``translations``.
        declared: texts that stand in no call of gettext but are shown through it.
        without: texts that somebody else translates.
        besides: other folders that are searched.
    """

    title: str
    sources: Path
    declared: Callable[[], Iterable[str]] = tuple
    without: "Book | None" = None
    besides: tuple[Path, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the catalogs lie."""
        return self.sources / "translations"

    def path_of(self, language: str) -> Path:
        """The catalog of a language."""
        return self.folder / language / "LC_MESSAGES" / f"{DOMAIN}.po"

    def gather(self) -> Catalog:
        """Every text, with the places where it stands."""
        catalog = Catalog(project=self.title, charset="utf-8")
        for folder in (self.sources, *self.besides):
            found = extract_from_dir(
                folder, _METHODS, _OPTIONS, _KEYWORDS, comment_tags=("Translators:",),
                directory_filter=_is_searched,
            )  # fmt: skip
            start = "" if folder == self.sources else f"{folder.name}/"
            for name, _line, message, comments, context in found:
                place = (f"{start}{name}", 0)
                catalog.add(message, None, [place], auto_comments=comments, context=context)
        for text in self.declared():
            catalog.add(text)
        for text, context in _texts(self.without) if self.without else ():
            if catalog.get(text, context) is not None:
                catalog.delete(text, context)
        return catalog

    def read(self, language: str) -> Catalog:
        """A catalog as it is stored; an empty one when there is none yet."""
        path = self.path_of(language)
        if not path.exists():
            return Catalog(
                locale=language, domain=DOMAIN, project=self.title, version="1",
                msgid_bugs_address="", last_translator="", language_team="",
            )  # fmt: skip
        with path.open("rb") as file:
            return read_po(file, locale=language, domain=DOMAIN)

    def update(self) -> None:
        """Bring the stored catalogs up to the sources: new texts are empty, gone ones dropped."""
        template = self.gather()
        if len(template) == 0:
            return
        for language in translated():
            catalog = self.read(language)
            catalog.update(template, no_fuzzy_matching=True)
            catalog.obsolete.clear()
            catalog.header_comment = f"# The texts of {self.title}: {language}."
            catalog.fuzzy = False
            catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
            path = self.path_of(language)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalog, width=100, sort_output=True, include_lineno=False)

    def build(self) -> None:
        """Compile the catalogs for gettext; who reads one meanwhile finds the old or the new."""
        for language in translated():
            path = self.path_of(language)
            if path.exists():
                made = path.with_suffix(f".{os.getpid()}")
                with made.open("wb") as file:
                    write_mo(file, self.read(language))
                made.replace(path.with_suffix(".mo"))


@cache
def _texts(book: Book) -> frozenset[tuple[str, str | None]]:
    """Each text of a book with its context; of one with two numbers, the first form."""
    found = (each for each in book.gather() if each.id)
    return frozenset((each.id if isinstance(each.id, str) else each.id[0], each.context)
                     for each in found)  # fmt: skip


def _built_in() -> Iterator[str]:
    """What the core shows of its events, and of the plugins that ship inside it."""
    core = CORE.sources.parent.name
    yield from (kind.about() for kind in EVENTS.values() if kind.__module__.startswith(core))
    for loaded in discover("all", only_built_in=True).plugins.values():
        yield from _declared(loaded)


CORE: Final = Book(
    "the web app", WEB, _built_in,
    besides=tuple(
        WEB.parent / room for room in ("domain", "hooks", "host", "services", "builtin", "plugin")
    ),
)  # fmt: skip


def book_of(loaded: Loaded) -> Book:
    """The catalogs of a plugin; what the core has words for stays the core's."""
    kind = type(loaded.plugin)
    folder = Path(inspect.getfile(kind)).resolve().parent
    return Book(title_of(kind), folder, lambda: _declared(loaded), CORE)


def shipped(root: Path) -> Iterator[Book]:
    """The catalogs that lie below ``root/plugins``, as they are stored; to compile them needs no
    plugin to load."""
    for folder in sorted(root.glob("plugins/*/*/translations")):
        yield Book(folder.parent.name, folder.parent)


def install(app: Flask) -> None:
    """Tell Flask-Babel where catalogs lie. The core's come last, so that no plugin changes the
    core's words."""
    plugins = app.extensions["invoicer.host"].registry.plugins.values()
    folders = {book_of(each).folder for each in plugins}
    found = [*sorted(folder for folder in folders if folder.is_dir()), CORE.folder]
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(map(str, found))
    app.config["BABEL_DOMAIN"] = DOMAIN
    app.jinja_env.filters["spoken"] = spoken


def spoken(text: str | None) -> str:
    """A text that a plugin declared, in the reader's language; a percent sign in it is just that,
    which in a template's ``_()`` it would not be."""
    return gettext(text) if text else ""


def translated() -> Iterator[str]:
    """The languages that have a catalog."""
    return (language for language in LANGUAGES if language != "en")


def _is_searched(folder: str | Path) -> bool:
    return Path(folder).name not in ("tests", "migrations", "node_modules", "__pycache__")


def _declared(loaded: Loaded) -> Iterator[str]:
    """What the core shows of a plugin in the reader's language: its title and description, the form
    of its settings, channels, ways to pay, menu entries, cards, and the steps of workflows."""
    kind = type(loaded.plugin)
    yield from _given(kind.title, description_of(kind))
    for field in form_fields(loaded.plugin.settings):
        yield from _given(field.title, field.description)
    offers: Iterable[object] = (each for found in loaded.offers.values() for each in found)
    for offer in offers:
        if isinstance(offer, MenuItem | DashboardWidget | MessageChannel | PaymentProvider):
            yield from _given(offer.title)
        if isinstance(offer, Workflow):
            yield from _given(offer.title, *(state.title for state in offer.states))


def _given(*texts: str | None) -> Iterator[str]:
    return (text for text in texts if text)
