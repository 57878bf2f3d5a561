"""Lists as members like them: filters and order under a name, one's own or the team's, and the one
that a list opens with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import Conflict, Forbidden
from invoicer_core.domain.permissions import allowed
from invoicer_core.domain.saying import say
from invoicer_core.models import db
from invoicer_core.models.tasks import DefaultView, SavedView
from invoicer_core.models.tenancy import current_business_id
from invoicer_core.services.rows import find_row, refuse, taken, translated
from invoicer_core.services.transaction import transaction

NAME_MOST: Final = 60
VIEWS_MOST: Final = 50
"""Of one member and list: more could not be told apart in a menu."""

_NAME_TAKEN: Final = "uq_saved_views_business_id_user_id_page_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSnapshot:
    """One view. ``own`` and ``is_default`` are about the member who asked."""

    id: int
    name: str
    query: Mapping[str, str]
    shared: bool
    own: bool
    is_default: bool


def find(*, page: str, by: Actor) -> tuple[ViewSnapshot, ...]:
    """A member's own views of a list and those that the team shares, by name."""
    statement = (
        select(SavedView, DefaultView.view_id)
        .outerjoin(
            DefaultView,
            (DefaultView.business_id == SavedView.business_id)
            & (DefaultView.view_id == SavedView.id)
            & (DefaultView.user_id == _user(by))
            & (DefaultView.page == page),
        )
        .where(
            SavedView.business_id == current_business_id(), SavedView.page == page, _visible_to(by)
        )
        .order_by(SavedView.name, SavedView.id)
    )
    return tuple(
        _snapshot(row, by, is_default=chosen is not None)
        for row, chosen in db.session.execute(statement)
    )


def save(
    *,
    page: str,
    name: str,
    query: Mapping[str, str],
    by: Actor,
    shared: bool = False,
    default: bool = False,
) -> ViewSnapshot:
    """Keep a list's filters under a name; under one of one's own names, instead of what was there.

    Args:
        query: the list's address after ``?``, by name.
        default: open the list with it from now on.

    Raises:
        InvalidInput: at ``/name``: none, or too long.
        Conflict: too many views.
        Forbidden: a viewer shares nothing.
    """
    name = _checked(name)
    if shared and not allowed(by.role, "invoices.write"):
        raise Forbidden(say("Your role does not include sharing views with the team."))
    with (
        transaction(by=by) as unit,
        translated({_NAME_TAKEN: taken("/name", say("Try once more."))}),
    ):
        row = _own(page, name, by)
        if row is None:
            _require_room(page, by)
            row = SavedView(
                business_id=current_business_id(), user_id=_user(by), page=page, name=name
            )
            db.session.add(row)
        row.query, row.shared = dict(query), shared
        db.session.flush()
        if default:
            _choose(page, row.id, by)
        unit.record("view.saved", view=row.id, page=page, shared=shared)
        return _snapshot(row, by, is_default=default)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or not name.isprintable():
        refuse("/name", say("Give the view a name."))
    if len(name) > NAME_MOST:
        refuse("/name", say("At most %(most)s characters.", most=NAME_MOST))
    return name


def delete_view(*, view_id: int, by: Actor) -> None:
    """Take a view away: one's own, or a shared one with the right to the settings.

    Raises:
        NotFound: no such view, or somebody else's own one.
        Forbidden: it is shared, and somebody else's.
    """
    with transaction(by=by) as unit:
        row = find_row(SavedView, view_id, "view", _visible_to(by), lock=True)
        if row.user_id != _user(by) and not allowed(by.role, "settings.write"):
            raise Forbidden(say("Somebody else shares this view: ask them, or an administrator."))
        db.session.delete(row)
        db.session.flush()
        unit.record("view.deleted", view=view_id)


def choose_default(*, page: str, view_id: int | None, by: Actor) -> None:
    """Open a list with this view from now on; None: with everything. Raises NotFound."""
    with transaction(by=by):
        if view_id is None:
            db.session.execute(delete(DefaultView).where(*_default_of(page, by)))
            return
        find_row(SavedView, view_id, "view", SavedView.page == page, _visible_to(by))
        _choose(page, view_id, by)


def default(*, page: str, by: Actor) -> ViewSnapshot | None:
    """The view that a list opens with for this member; None: with everything."""
    statement = (
        select(SavedView)
        .join(
            DefaultView,
            (DefaultView.business_id == SavedView.business_id)
            & (DefaultView.view_id == SavedView.id),
        )
        .where(*_default_of(page, by), _visible_to(by))
    )
    row = db.session.scalars(statement).first()
    return None if row is None else _snapshot(row, by, is_default=True)


def _choose(page: str, view_id: int, by: Actor) -> None:
    values = {"business_id": current_business_id(), "user_id": _user(by), "page": page}
    statement = insert(DefaultView).values(**values, view_id=view_id)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["business_id", "user_id", "page"], set_={"view_id": view_id}
        )
    )


def _default_of(page: str, by: Actor) -> tuple[ColumnElement[bool], ...]:
    return (
        DefaultView.business_id == current_business_id(),
        DefaultView.user_id == _user(by),
        DefaultView.page == page,
    )


def _own(page: str, name: str, by: Actor) -> SavedView | None:
    return db.session.scalars(
        select(SavedView)
        .where(
            SavedView.business_id == current_business_id(),
            SavedView.user_id == _user(by),
            SavedView.page == page,
            SavedView.name == name,
        )
        .with_for_update()
    ).first()


def _require_room(page: str, by: Actor) -> None:
    statement = select(SavedView.id).where(
        SavedView.business_id == current_business_id(),
        SavedView.user_id == _user(by),
        SavedView.page == page,
    )
    if len(db.session.scalars(statement).all()) >= VIEWS_MOST:
        raise Conflict(
            say(
                "A list has at most %(most)s views of yours: delete one first.",
                most=VIEWS_MOST,
            )
        )


def _visible_to(by: Actor) -> ColumnElement[bool]:
    return or_(SavedView.user_id == _user(by), SavedView.shared)


def _user(by: Actor) -> int:
    return by.user_id or 0


def _snapshot(row: SavedView, by: Actor, *, is_default: bool) -> ViewSnapshot:
    query: dict[str, Any] = row.query
    return ViewSnapshot(
        id=row.id,
        name=row.name,
        query={name: str(value) for name, value in query.items()},
        shared=row.shared,
        own=row.user_id == _user(by),
        is_default=is_default,
    )
