"""The pages of background tasks."""

from uuid import uuid4

import pytest
from flask import Flask

from invoicer_core.domain.actor import Actor
from invoicer_core.models import db
from invoicer_core.models.tasks import Task
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import deliveries, tasks
from invoicer_core.services.files import results
from invoicer_core.services.identity import sessions, users
from tests.integration.web.conftest import PASSWORD, Visitor, _enter


@tasks.work("page-chore")
def _chore(task: tasks.Running) -> None:
    task.progress(1, 4)
    if task.data.get("stop"):
        raise KeyboardInterrupt
    if task.data.get("fail"):
        raise RuntimeError("inner <words>")
    file_id = results.keep(name='a "b".txt', data=b"made", media_type="text/plain", by=task.by)
    task.progress(4, 4)
    task.finish(file_id=file_id, message="4 <b>things</b> made.")


@pytest.fixture
def ask(app: Flask, owner: Visitor):
    """Ask for a task as the owner; it is worked on at once, in this process."""

    def asked(**data: object) -> int:
        with app.app_context(), enter_business(owner.business_id):
            by = Actor("user", owner_id(owner), "owner", owner.email)
            found = tasks.start(kind="page-chore", data=data, by=by, title="Chore <i>one</i>")
            if not data.get("wait"):
                row = db.session.get(Task, found.id)
                try:
                    tasks.run(owed=deliveries.load(delivery_id=row.delivery_id))
                except KeyboardInterrupt:
                    db.session.rollback()
            return found.id

    return asked


def owner_id(owner: Visitor) -> int:
    return sessions.sign_in(email=owner.email, password=PASSWORD, kind="web").identity.user_id


def test_a_waiting_task_is_followed_until_it_is_over(owner, ask):
    task_id = ask(wait=True)
    page = owner.get(f"/tasks/{task_id}").text
    assert f'hx-get="/tasks/{task_id}/progress" hx-trigger="every 1s"' in page
    part = owner.get(f"/tasks/{task_id}/progress").text
    assert part.lstrip().startswith('<div id="task"')
    assert "It begins in a moment." in part


def test_a_running_task_shows_how_far_it_is(owner, ask):
    part = owner.get(f"/tasks/{ask(stop=True)}/progress").text
    assert '<progress id="task-bar" class="task-bar" max="4" value="1">' in part
    assert "1 of 4 done" in part
    assert "every 1s" in part


def test_a_finished_task_gives_its_file(owner, ask):
    task_id = ask()
    page = owner.get(f"/tasks/{task_id}").text
    assert "4 &lt;b&gt;things&lt;/b&gt; made." in page
    assert "Chore &lt;i&gt;one&lt;/i&gt;" in page
    assert "every 1s" not in page
    assert f'href="/tasks/{task_id}/file"' in page
    answer = owner.get(f"/tasks/{task_id}/file")
    assert (answer.data, answer.mimetype) == (b"made", "text/plain")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_failed_task_says_what_to_do_and_is_tried_again(owner, ask):
    task_id = ask(fail=True)
    page = owner.get(f"/tasks/{task_id}").text
    assert "Something went wrong on our side" in page
    assert "inner" not in page
    assert "1 of 4 were done before." in page
    answer = owner.send(f"/tasks/{task_id}/retry", f"/tasks/{task_id}")
    assert answer.headers["Location"] == f"/tasks/{task_id}"
    assert "It begins in a moment." in owner.get(f"/tasks/{task_id}").text
    assert owner.send(f"/tasks/{task_id}/retry", "/tasks").status_code == 409


def test_the_list_names_them_all(owner, ask):
    assert "No tasks yet" in owner.get("/tasks").text
    task_id = ask()
    assert f'href="/tasks/{task_id}"' in owner.get("/tasks").text


def test_a_member_without_the_settings_sees_only_their_own(owner, viewer, ask):
    task_id = ask()
    assert f"/tasks/{task_id}" not in viewer.get("/tasks").text
    for path in ("", "/progress", "/file"):
        assert viewer.get(f"/tasks/{task_id}{path}").status_code == 404
    assert viewer.send(f"/tasks/{task_id}/retry", "/tasks").status_code == 404


def test_another_business_does_not_see_it(app, owner, ask):
    task_id = ask()
    email = f"{uuid4().hex[:12]}@stranger.test"
    with app.app_context():
        users.register(email=email, password=PASSWORD, business={"name": "Elsewhere"})
    stranger = _enter(app, email)
    for path in ("", "/progress", "/file"):
        assert stranger.get(f"/tasks/{task_id}{path}").status_code == 404
    assert stranger.send(f"/tasks/{task_id}/retry", "/tasks").status_code == 404


@tasks.work("page-steps")
def _steps(task: tasks.Running) -> None:
    for step in range(task.state.get("step", 0), 3):
        if step == task.data["asked_at"]:
            tasks.stop(task_id=task.id, by=task.by)
        task.state["step"] = step + 1
        task.progress(step + 1, 3)


def _work(app: Flask, owner: Visitor, task_id: int) -> None:
    with app.app_context(), enter_business(owner.business_id):
        row = db.session.get(Task, task_id)
        tasks.run(owed=deliveries.load(delivery_id=row.delivery_id))


def test_a_task_that_has_not_begun_is_stopped_at_once(app, owner, ask):
    task_id = ask(wait=True)
    page = owner.get(f"/tasks/{task_id}").text
    assert f'action="/tasks/{task_id}/stop"' in page
    answer = owner.send(f"/tasks/{task_id}/stop", f"/tasks/{task_id}")
    assert answer.status_code == 303
    assert "It was stopped" in owner.get(f"/tasks/{task_id}").text
    _work(app, owner, task_id)
    assert "It was stopped" in owner.get(f"/tasks/{task_id}").text


def test_a_task_stops_at_its_next_step_and_goes_on_when_asked(app, owner, ask):
    with app.app_context(), enter_business(owner.business_id):
        by = Actor("user", owner_id(owner), "owner", owner.email)
        task_id = tasks.start(kind="page-steps", data={"asked_at": 1}, by=by).id
    _work(app, owner, task_id)
    page = owner.get(f"/tasks/{task_id}").text
    assert "It was stopped" in page
    assert "2 of 3 were done before." in page
    owner.send(f"/tasks/{task_id}/retry", f"/tasks/{task_id}")
    _work(app, owner, task_id)
    assert "It is done." in owner.get(f"/tasks/{task_id}").text


def test_what_is_over_cannot_be_stopped(owner, ask):
    task_id = ask()
    owner.send(f"/tasks/{task_id}/stop", f"/tasks/{task_id}")
    page = owner.get(f"/tasks/{task_id}").text
    assert "This task is over already: there is nothing to stop." in page
    assert "Done" in page


def test_nobody_stops_a_task_of_others(owner, viewer, ask):
    task_id = ask(wait=True)
    assert viewer.send(f"/tasks/{task_id}/stop", "/tasks").status_code == 404
    assert "It begins in a moment." in owner.get(f"/tasks/{task_id}/progress").text
