"""After a death it is known which hook was running."""

import os
import signal

import pytest

from invoicer_core.host import watch
from invoicer_core.host.watch import Abandoned


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "_watch", type(watch._watch)())
    watch.start(tmp_path / "hooks")
    return tmp_path / "hooks"


def in_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def test_a_hook_that_kills_its_process_is_found_once(folder):
    def work():
        with watch.begun("good", "before_invoice_issued", 7):
            pass
        with watch.begun("greedy", "before_invoice_issued", 7):
            os.kill(os.getpid(), signal.SIGKILL)

    in_child(work)
    assert watch.abandoned(folder) == [Abandoned("greedy", "before_invoice_issued", 7)]
    assert watch.abandoned(folder) == []


def test_a_process_that_ends_well_accuses_nobody(folder):
    def work():
        with watch.begun("good", "before_invoice_issued", 7):
            pass

    in_child(work)
    assert watch.abandoned(folder) == []


def test_a_living_process_is_left_alone(folder):
    with watch.begun("slow", "before_invoice_issued", 7):
        assert watch.abandoned(folder) == []
        assert len(list(folder.glob("*.hook"))) == 1


def test_of_hooks_within_hooks_the_last_begun_is_named(folder):
    def work():
        with watch.begun("outer", "a", 1), watch.begun("inner", "b", 1):
            os.kill(os.getpid(), signal.SIGKILL)

    in_child(work)
    assert watch.abandoned(folder) == [Abandoned("inner", "b", 1)]


def test_without_a_folder_nothing_is_written(monkeypatch, tmp_path):
    monkeypatch.setattr(watch, "_watch", type(watch._watch)())
    with watch.begun("good", "a", 1):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_does_not_write_over_its_parent(folder):
    def work():
        with watch.begun("child", "b", 1):
            os.kill(os.getpid(), signal.SIGKILL)

    with watch.begun("parent", "a", 1):
        in_child(work)
        assert watch.abandoned(folder) == [Abandoned("child", "b", 1)]
        (own,) = folder.glob("*.hook")
        assert own.stem == str(os.getpid())
        assert "parent" in own.read_text()
