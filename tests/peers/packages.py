"""Plugins of the tests as installed packages, for processes that find plugins by entry points."""

import tomllib
from pathlib import Path

PLUGINS = Path(__file__).parents[1] / "plugins"


def as_installed(folder: Path, *names: str) -> str:
    """Folders for PYTHONPATH in which these of ``tests/plugins`` are found as installed packages;
    what an installer would write goes to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        told = tomllib.loads((PLUGINS / name / "pyproject.toml").read_text("utf-8"))["project"]
        package, version = told["name"], told["version"]
        info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        )
        entries = told["entry-points"]["invoicer.plugins"].items()
        lines = ["[invoicer.plugins]", *(f"{key} = {value}" for key, value in entries), ""]
        (info / "entry_points.txt").write_text("\n".join(lines))
    return ":".join(str(each) for each in (folder, *(PLUGINS / name for name in names)))
