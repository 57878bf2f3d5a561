"""Runs of migrations, as far as a process that only serves has to know them: without the tool that
carries them out, which takes ten megabytes."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PACKAGE = Path(__file__).resolve().parent.parent
_REVISION: Final = re.compile(r'^(down_)?revision(?:: [^=]+)? = "(\w+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lineage:
    """A run of migrations: whose, where its scripts lie, and the schema it owns."""

    name: str
    versions: Path
    schema: str

    def head(self) -> str | None:
        """The newest revision, the one that no other follows; None without scripts."""
        known: set[str] = set()
        followed: set[str] = set()
        for script in self.versions.glob("*.py"):
            for down, revision in _REVISION.findall(script.read_text("utf-8")):
                (followed if down else known).add(revision)
        return max(known - followed, default=None)


def migrations_directory() -> Path:
    """Where the scripts are: inside the installed package, or beside it in a checkout."""
    inside = _PACKAGE / "migrations"
    return inside if inside.is_dir() else _PACKAGE.parent / "migrations"


def core_lineage() -> Lineage:
    """The core's own tables."""
    return Lineage("core", migrations_directory() / "core", "public")
