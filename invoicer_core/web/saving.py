"""What a page answers to a form that was sent: it goes on, or shows the form again as typed.

Where two people changed one thing, the second one is shown what differs and chooses field by field;
nothing is overwritten before.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from flask import flash, redirect, request
from flask_babel import gettext as _

from invoicer_core.domain.errors import InvoicerError, StaleVersion
from invoicer_core.web import formats, once
from invoicer_core.web.access import Answer
from invoicer_core.web.errors import status_of
from invoicer_core.web.forms.differences import Difference, Side, choices
from invoicer_core.web.forms.reading import Form
from invoicer_core.web.invoices import id_of

S = TypeVar("S")

STARTED: Final = "started"
"""The field that holds what the form was filled with when it was opened."""
SEEN: Final = "seen_version"
"""The field that holds the version whose differences were shown."""


def made(form: Form, store: Callable[[], str], page: Callable[[Form], str]) -> Answer:
    """Make a thing once and go on to its page.

    Args:
        store: makes it, and gives the address to go on to.
        page: shows the form again, with what is wrong beside its fields.
    """
    if not form.ok:
        return page(form), 422
    try:
        return redirect(once.made(store))
    except InvoicerError as error:
        form.refuse(error)
        return page(form), status_of(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(Generic[S]):
    """How a thing of one kind is changed in a form.

    Args:
        load: the thing as it is stored now.
        values: the form's values of a stored thing, its ``version`` among them.
        read: what was typed, as the service takes it; faults are put into the form.
        store: saves it over the given version.
        page: shows the form, given ``differences`` when others saved meanwhile.
        address: where to go on to.
        labels: the fields as people call them.
        options: the words of fields that are chosen from a list.
    """

    load: Callable[[], S]
    values: Callable[[S], dict[str, str]]
    read: Callable[[Form], dict[str, Any]]
    store: Callable[[dict[str, Any], int | None], object]
    page: Callable[..., str]
    address: str
    labels: Mapping[str, str]
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def answer(self) -> Answer:
        """Show the form, or save what was sent."""
        stored = self.load()
        if request.method == "GET":
            return self._opened(stored)
        form = Form.sent(request.form, formats.locale())
        theirs = self.values(stored)
        if form.get("version") != theirs["version"] and form.get(SEEN) == theirs["version"]:
            form = self._merged(form, theirs)
        fields = self.read(form)
        if not form.ok:
            return self.page(form, stored), 422
        try:
            self.store(fields, id_of(form.get("version")))
        except StaleVersion:
            return self._differs(form, self.load())
        except InvoicerError as error:
            form.refuse(error)
            return self.page(form, stored), status_of(error)
        flash(_("Saved."), "success")
        return redirect(self.address)

    def _opened(self, stored: S) -> str:
        values = self.values(stored)
        return self.page(Form({**values, STARTED: self._kept(values)}), stored)

    def _kept(self, values: Mapping[str, str]) -> str:
        """Of fields that the visitor may see only."""
        return json.dumps({name: values.get(name, "") for name in self.labels})

    def _differs(self, form: Form, stored: S) -> Answer:
        theirs = self.values(stored)
        form.values[SEEN] = theirs["version"]
        found = self.differences(form, theirs)
        return self.page(form, stored, differences=found), 409

    def differences(self, form: Form, theirs: Mapping[str, str]) -> list[Difference]:
        """What others changed and is not the same in both; of fields that only one side changed,
        that side is proposed."""
        base = _started(form)
        found = []
        for name, label in self.labels.items():
            other, typed = _tidy(theirs.get(name, "")), _tidy(form.get(name))
            begun = _tidy(base[name]) if name in base else None
            if typed == other or other == begun:
                continue
            side: Side = "theirs" if typed == begun else "yours"
            mine, their = self._shown(name, typed), self._shown(name, other)
            found.append(Difference(name, label, None, mine, their, side))
        return found

    def _shown(self, name: str, value: str) -> str:
        return self.options.get(name, {}).get(value, value)

    def _merged(self, form: Form, theirs: Mapping[str, str]) -> Form:
        """What was typed with what was chosen of the stored values, from now on over that
        version. What only others changed is theirs unless the visitor decided otherwise."""
        values, base, chosen = dict(form.values), _started(form), choices(request.form)
        for name in self.labels:
            untouched = name in base and _tidy(form.get(name)) == _tidy(base[name])
            if chosen.get(name, "theirs" if untouched else "yours") == "theirs":
                values[name] = theirs.get(name, "")
        values["version"], values[STARTED] = theirs["version"], self._kept(theirs)
        return replace(form, values=values)


def _started(form: Form) -> dict[str, str]:
    """What the form was filled with; empty when that was lost on the way. It only decides what is
    proposed, so a forged one harms nobody else."""
    try:
        found = json.loads(form.get(STARTED) or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): str(value) for name, value in found.items()}


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
