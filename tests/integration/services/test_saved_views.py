"""Saved views: one's own, the team's, and the one that a list opens with."""

from dataclasses import replace

import pytest

from invoicer_core.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import saved_views
from tests.factories import BY

OTHER = replace(BY, user_id=2, role="staff", label="other@factory.test")
VIEWER = replace(BY, user_id=3, role="viewer", label="viewer@factory.test")
LATE = {"status": "overdue", "sort": "-due"}


def save(name: str = "Late", by=BY, **given: object):
    return saved_views.save(page="invoices", name=name, query=LATE, by=by, **given)


def names(by) -> list[str]:
    return [view.name for view in saved_views.find(page="invoices", by=by)]


def test_a_view_is_ones_own_until_it_is_shared(business):
    view = save()
    assert (view.query, view.own, view.shared, view.is_default) == (LATE, True, False, False)
    assert (names(BY), names(OTHER)) == (["Late"], [])
    save(shared=True)
    assert (names(BY), names(OTHER)) == (["Late"], ["Late"])
    assert not saved_views.find(page="invoices", by=OTHER)[0].own
    assert saved_views.find(page="clients", by=BY) == ()


def test_saving_under_the_same_name_replaces_ones_own_only(business):
    mine = save(shared=True)
    theirs = save(by=OTHER)
    assert theirs.id != mine.id
    again = saved_views.save(page="invoices", name=" Late ", query={"q": "x"}, by=BY)
    assert (again.id, again.query) == (mine.id, {"q": "x"})


def test_each_member_has_a_default_of_their_own(business):
    view = save(shared=True, default=True)
    assert saved_views.default(page="invoices", by=BY).id == view.id
    assert saved_views.default(page="invoices", by=OTHER) is None
    saved_views.choose_default(page="invoices", view_id=view.id, by=OTHER)
    assert saved_views.default(page="invoices", by=OTHER).id == view.id
    save(shared=False)
    assert saved_views.default(page="invoices", by=OTHER) is None
    saved_views.choose_default(page="invoices", view_id=None, by=BY)
    assert saved_views.default(page="invoices", by=BY) is None


def test_who_may_delete(business):
    own = save("Own")
    with pytest.raises(NotFound):
        saved_views.delete_view(view_id=own.id, by=OTHER)
    with pytest.raises(NotFound):
        saved_views.choose_default(page="invoices", view_id=own.id, by=OTHER)
    shared = save("Shared", shared=True, default=True)
    with pytest.raises(Forbidden):
        saved_views.delete_view(view_id=shared.id, by=OTHER)
    theirs = save("Theirs", by=OTHER, shared=True)
    saved_views.delete_view(view_id=theirs.id, by=BY)
    saved_views.delete_view(view_id=shared.id, by=BY)
    assert names(BY) == ["Own"]


def test_what_is_refused(business, monkeypatch):
    with pytest.raises(InvalidInput):
        save("  ")
    with pytest.raises(InvalidInput):
        save("x" * 61)
    with pytest.raises(Forbidden):
        save(by=VIEWER, shared=True)
    save(by=VIEWER)
    monkeypatch.setattr(saved_views, "VIEWS_MOST", 1)
    with pytest.raises(Conflict):
        save("Second", by=VIEWER)
    save(by=VIEWER)


def test_another_business_does_not_see_it(business, other_business):
    view = save(shared=True)
    with enter_business(other_business):
        assert names(BY) == []
        with pytest.raises(NotFound):
            saved_views.delete_view(view_id=view.id, by=BY)
