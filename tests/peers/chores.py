"""Background tasks of a test: each does what its data says and writes down that it did."""

import time
from collections.abc import Callable

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.services import tasks
from invoicer_core.services.files import results
from invoicer_core.services.folders import data_folder
from tests.peers.probe import note

KINDS: dict[str, Callable[[tasks.Running], None]] = {}


def count(task: tasks.Running) -> None:
    """Counts, and from ``sleep_at`` on waits in the middle of a number until it may wake."""
    most = int(task.data["most"])
    for number in range(int(task.state.get("at", 0)) + 1, most + 1):
        note("count", task.id, number)
        while number == task.data.get("sleep_at") and not (data_folder() / "awake").exists():
            time.sleep(0.02)
        task.state["at"] = number
        task.progress(number, most)
    task.finish(message=f"Counted to {most}")


def refuse(task: tasks.Running) -> None:
    """Refuses until it is mended; ``crash`` makes it fail without words for people."""
    task.progress(1, 3)
    if not (data_folder() / "mended").exists():
        if task.data.get("crash"):
            raise RuntimeError("secret inner words")
        raise InvalidInput("The list has no client.")


def write(task: tasks.Running) -> None:
    """Makes a file."""
    data = str(task.data["text"]).encode()
    file_id = results.keep(name="chore.txt", data=data, media_type="text/plain", by=task.by)
    task.finish(file_id=file_id)


def install() -> None:
    """Register them, once a process."""
    if not KINDS:
        KINDS.update({"chore-count": count, "chore-refuse": refuse, "chore-write": write})
        for name, function in KINDS.items():
            tasks.work(name)(function)
