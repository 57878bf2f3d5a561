"""Packages that are imported when something of them is first asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

START = (
    "import os, sys; from invoicer_core.hooks.first_use import *; sample = on_first_use('sample')"
)
IS_THERE = "print('sample' in sys.modules)"


def run(folder: Path, *lines: str) -> list[str]:
    """What a process of its own prints, in which a package ``sample`` is installed."""
    (folder / "sample.py").write_text("class Error(Exception): pass\n\nanswer = 42\n")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join((START, *lines))],
        env={"PYTHONPATH": f"{Path(__file__).parents[3]}:{folder}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_it_is_imported_when_it_is_asked_for(tmp_path: Path) -> None:
    said = run(tmp_path, IS_THERE, "print(sample.answer)", IS_THERE)
    assert said == ["False", "42", "True"]


def test_what_it_raises_is_caught_by_its_name(tmp_path: Path) -> None:
    raising = (
        "import sample as itself\ntry: raise itself.Error\nexcept sample.Error: print('caught')"
    )
    assert run(tmp_path, raising) == ["caught"]


def test_what_it_does_not_have_is_an_error_of_attributes(tmp_path: Path) -> None:
    assert run(tmp_path, "print(hasattr(sample, 'question'))") == ["False"]


@pytest.mark.parametrize(("use", "found"), [("sample.answer", "True"), ("sample", "False")])
def test_who_forks_finds_what_its_forks_have_used(tmp_path: Path, use: str, found: str) -> None:
    forked = f"if not os.fork(): {use}; os._exit(0)"
    said = run(tmp_path, forked, "os.wait()", IS_THERE, "import_what_was_used()", IS_THERE)
    assert said == ["False", found]
