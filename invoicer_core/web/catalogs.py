"""The pages' languages: where catalogs lie, how they are gathered from the sources, and compiled.

The core has one catalog per language in ``translations``; a plugin brings its own in a folder of
that name beside its module. Catalogs are versioned as ``.po``; ``.mo`` files are built.

    python deploy/catalogs.py update     gather texts into the .po files
    python deploy/catalogs.py build      compile them to .mo files
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from flask import Flask

LANGUAGES: Final = ("en", "de", "fr", "es")
"""English is what the sources say; the others have a catalog."""

WEB: Final = Path(__file__).parent
FOLDER: Final = WEB / "translations"
DOMAIN: Final = "messages"
_METHODS: Final = [("**.py", "python"), ("**.html", "jinja2")]
_OPTIONS: Final = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
_KEYWORDS: Final = {
    "_": None, "gettext": None, "lazy": None, "lazy_gettext": None,
    "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "N_": None,
}  # fmt: skip


def install(app: Flask) -> None:
    """Tell Flask-Babel where catalogs lie: the core's, then those of the plugins."""
    plugins = app.extensions["invoicer.host"].registry.plugins.values()
    modules = (sys.modules[type(each.plugin).__module__].__file__ for each in plugins)
    folders = {Path(file).parent / "translations" for file in modules if file}
    found = [FOLDER, *sorted(folder for folder in folders if folder.is_dir())]
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(map(str, found))
    app.config["BABEL_DOMAIN"] = DOMAIN


def gather() -> Catalog:
    """Every text of the web app, with the places where it stands."""
    catalog = Catalog(project="Invoicer", charset="utf-8")
    found = extract_from_dir(WEB, _METHODS, _OPTIONS, _KEYWORDS, comment_tags=("Translators:",))
    for name, _line, message, comments, context in found:
        catalog.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    return catalog


def path_of(language: str) -> Path:
    """The catalog of a language."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """A catalog as it is stored; an empty one when there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(
            locale=language, domain=DOMAIN, project="Invoicer", version="1",
            msgid_bugs_address="", last_translator="", language_team="",
        )  # fmt: skip
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def translated() -> Iterator[str]:
    """The languages that have a catalog."""
    return (language for language in LANGUAGES if language != "en")


def update() -> None:
    """Bring the stored catalogs up to the sources: new texts are empty, gone ones are dropped."""
    template = gather()
    for language in translated():
        catalog = read(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.header_comment = f"# The texts of the web app: {language}."
        catalog.fuzzy = False
        catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=100, sort_output=True, include_lineno=False)


def build() -> None:
    """Compile the catalogs for gettext."""
    for language in translated():
        with path_of(language).with_suffix(".mo").open("wb") as file:
            write_mo(file, read(language))
