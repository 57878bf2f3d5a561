"""Begins a plugin: a package that is announced, explained, typed, and passes the contract."""

from pathlib import Path
from string import Template
from typing import Final

from invoicer_core.hooks.plugin import NAME

FILES: Final = {
    "pyproject.toml": """\
[project]
name = "invoicer-${dashed}"
version = "0.1.0"
description = "${title} for Invoicer."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["invoicer"]

[project.entry-points."invoicer.plugins"]
${name} = "invoicer_${name}:${kind}Plugin"

[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["invoicer_${name}"]

[tool.pytest.ini_options]
pythonpath = ["."]
""",
    "README.md": """\
# ${title}

A plugin for Invoicer. It notes every invoice that is paid in the log; change that.

Install it where Invoicer runs, start Invoicer again, and switch it on under Settings, Plugins:

    pip install .
    invoicer plugins doctor

| Setting | What it is |
|---|---|
| Greeting | The word that the note begins with. |

`python -m pytest` proves that it keeps the contract.
""",
    "invoicer_${name}/__init__.py": '''\
"""${title}: a plugin for Invoicer."""

from invoicer_core.plugin import Context, InvoicePaid, Plugin, Settings, field, hookimpl


class ${kind}Settings(Settings):
    """What a business may set."""

    greeting: str = field("Thanks", title="Greeting", max_length=40)


class ${kind}Plugin(Plugin):
    """Notes every invoice that is paid."""

    name, title, settings = "${name}", "${title}", ${kind}Settings

    @hookimpl
    def on_invoice_paid(self, ctx: Context[${kind}Settings], event: InvoicePaid) -> None:
        ctx.log.info("%s: %s is paid", ctx.settings.greeting, event.invoice_number)
''',
    "invoicer_${name}/py.typed": "",
    "tests/conftest.py": '''\
"""Shows the values in a failure of the contract."""

import pytest

pytest.register_assert_rewrite("invoicer_core.plugin.testing")
''',
    "tests/test_contract.py": '''\
"""The plugin keeps the contract."""

from invoicer_core.plugin.testing import PluginContract
from invoicer_${name} import ${kind}Plugin


class Test${kind}(PluginContract):
    plugin = ${kind}Plugin
    samples = (("invoice.paid", {"id": 7, "invoice_number": "INV-7"}),)
''',
}


def scaffold(name: str, folder: Path) -> Path:
    """Write a new plugin into a folder of its own, ``invoicer-<name>``, within ``folder``.

    Raises:
        ValueError: no name for a plugin.
        FileExistsError: there is such a folder already; it is left as it is.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name for a plugin: use 2 to 40 lower case letters, digits and _,"
            " a letter first."
        )
    words = [word for word in name.split("_") if word]
    values = {
        "name": name,
        "dashed": "-".join(words),
        "title": " ".join(words).capitalize(),
        "kind": "".join(word.capitalize() for word in words),
    }
    root = folder / f"invoicer-{values['dashed']}"
    root.mkdir()
    for path, content in FILES.items():
        target = root / Template(path).substitute(values)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(content).substitute(values), "utf-8")
    return root
