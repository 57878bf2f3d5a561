"""Forms with files: how large they may be, and how their answer reaches a script or a person."""

from collections.abc import Callable
from typing import Final

from flask import current_app, flash, jsonify, redirect, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from invoicer_core.domain.errors import InvoicerError
from invoicer_core.services.wording import told
from invoicer_core.web import access
from invoicer_core.web.access import Answer, P, Site
from invoicer_core.web.errors import status_of

FRAME: Final = 64 * 1024
"""What a form needs besides its file."""
MOST_FILES: Final = 20
"""How many files one form without a script may bring."""


def takes_files(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """A page whose form may carry a file as large as the installation allows."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def install(site: Site) -> None:
    """Let forms with files in; the limit has to be raised before anything reads the form."""
    site.before_request(_allow)


def _allow() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_files", False) and access.identity() is not None:
        request.max_content_length = most_bytes() + FRAME


def most_bytes() -> int:
    """How large an uploaded file may be."""
    return int(current_app.extensions["invoicer.config"].upload_bytes)


def of_script() -> bool:
    """True when a script of ours sent the file, and wants to hear only how it went."""
    return request.accept_mimetypes.best_match(("text/html", "application/json")) == (
        "application/json"
    )


def sent_files() -> list[FileStorage]:
    """The files of the form; an empty field is none."""
    return [each for each in request.files.getlist("file") if each.filename][:MOST_FILES]


def each_kept(keep: Callable[[str, bytes], str], back: str) -> Answer:
    """Keep every file of the form; tell per file how it went.

    Args:
        keep: stores a file of this name and bytes; returns the name it is kept by.
        back: where a person goes on to.
    """
    sent = sent_files()
    if not sent:
        return _refused(_("Choose a file first."), 422, back)
    done = []
    for file in sent:
        try:
            done.append(keep(file.filename or "", file.stream.read()))
        except InvoicerError as error:
            words = _("%(name)s: %(problem)s", name=file.filename, problem=told(error.detail))
            if of_script():
                return {"problem": words}, status_of(error)
            flash(words, "danger")
    if of_script():
        return jsonify(names=done)
    if done:
        flash(_("Uploaded: %(names)s.", names=", ".join(done)), "success")
    return redirect(back)


def _refused(words: str, status: int, back: str) -> Answer:
    if of_script():
        return {"problem": words}, status
    flash(words, "danger")
    return redirect(back)
