"""Writes the reference pages of settings, commands and API operations from what the code declares.

``python -m invoicer_core.reference docs/reference`` brings them up to date; a test fails while they
are not.
"""

import ast
import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, get_args

import click

from invoicer_core import config
from invoicer_core.api.catalogue import operations
from invoicer_core.api.resources import PREFIX, PUBLIC, SIGNED_IN, Operation
from invoicer_core.cli import commands
from invoicer_core.host.loading import Loaded
from invoicer_core.host.plugin_reference import section
from invoicer_core.host.registry import discover
from invoicer_core.plugin.inspection import entry_points_in

WRITTEN: Final = "<!-- Written by python -m invoicer_core.reference; edit the code instead. -->"

MEANINGS: Final = {
    "DATABASE_GATE_URL": "The login `invoicer_gate`, which sees of all businesses what is due and "
    "whose it is. Without it, `invoicer_gate` with the password of `DATABASE_URL`.",
    "DATABASE_OWNER_URL": "The login that owns the tables: for `invoicer db` and `invoicer up`, "
    "which migrate with it. It is never handed to web, worker or clock.",
    "DATABASE_SQL_URL": "The login `invoicer_sql`, which only reads the views for reports and "
    "questions. Without it, `invoicer_sql` with the password of `DATABASE_URL`.",
    "DATABASE_URL": "A PostgreSQL server (15 or newer, with pgvector) instead of the embedded one, "
    "as the login `invoicer_app`.",
    "INVOICER_BIND": "The address that the web server listens on; the image sets `0.0.0.0`.",
    "INVOICER_CORS_ORIGINS": "Origins, separated by commas, whose pages may call the API and open "
    "the live channel from a browser.",
    "INVOICER_DATA": "The folder of everything that must last: database, documents, mail that was "
    "not sent, generated keys. The image sets `/data`.",
    "INVOICER_DEMO": "Seed the demo business; set by `invoicer up --demo`.",
    "INVOICER_HOSTS": "Other host names that requests may ask for, beside the one of "
    "`INVOICER_URL`: names inside your network, say. Where `INVOICER_URL` is set, requests "
    "under any other name are refused.",
    "INVOICER_LOG_DIR": "A folder for log files; without it, logs go to standard output.",
    "INVOICER_PEERS": "In a checkout, with `--demo`: stand-ins for the companies that plugins talk "
    "to run beside it, and the demo business uses them.",
    "INVOICER_PG_BIN": "Another folder of PostgreSQL programs for the embedded server.",
    "INVOICER_PLUGINS": "`all` installed ones, `none` (safe mode), or names between commas.",
    "INVOICER_PROXIES": "How many reverse proxies stand in front: as many entries of "
    "`X-Forwarded-For`, `-Proto` and `-Host` are believed.",
    "INVOICER_RATE_LIMIT_ACCOUNT": "Requests of one user.",
    "INVOICER_RATE_LIMIT_ADDRESS": "Requests from one address.",
    "INVOICER_RATE_LIMIT_SIGN_IN": "Attempts to sign in, per account and per address.",
    "INVOICER_SECRET_KEYS": "Keys of at least 32 characters, newest first, separated by commas; "
    "tokens, links and stored secrets are made with the first and read with all.",
    "INVOICER_SIGNUP": "Who may register: the `first` owner, with the set-up code in the log; who "
    "has an `invite`; everybody (`open`, which `up --demo` sets).",
    "INVOICER_UPLOAD_MB": "The largest file that may be uploaded, in megabytes.",
    "INVOICER_URL": "The public address, used in links. With https, cookies are *Secure* and HSTS "
    "is sent.",
    "INVOICER_VISIT_DAYS": "How many days visits of public pages are kept for the analytics; the "
    "default lets a month be compared with the same month a year before.",
    "INVOICER_WEB_WORKERS": "Processes of the web server.",
    "LOG_LEVEL": "How much is logged.",
    "PORT": "The port that the web server listens on.",
    "REDIS_URL": "A Redis or Valkey instead of the embedded one.",
}
"""What a variable is for; its type and default are read from `config`."""

_DEFAULTS: Final = {
    "DATABASE_GATE_URL": "from `DATABASE_URL`",
    "DATABASE_SQL_URL": "from `DATABASE_URL`",
    "INVOICER_DATA": "`data`",
    "INVOICER_SECRET_KEYS": "generated",
    "INVOICER_PLUGINS": "`all`",
    "INVOICER_HOSTS": "none",
    "INVOICER_URL": "`http://127.0.0.1:PORT`",
}
_KINDS: Final = {
    "boolean": "1 or 0",
    "database": "postgresql:// address",
    "folder": "folder",
    "get": "folder",
    "hosts": "names between commas",
    "optional": "text",
    "origins": "origins",
    "plugins": "names",
    "public_url": "http(s) address without a path",
    "rate_limit": '`n/second`, `/minute`, `/hour`, `/day`, joined by `;`, or `off`',
    "redis_url": "redis://, rediss:// or unix:// address",
    "text": "text",
}  # fmt: skip


def settings_page() -> str:
    """Every environment variable."""
    rows = [_setting(call) for call in sorted(_readings(), key=_name_of)]
    return "\n".join(
        [
            "# Settings", "", WRITTEN, "",
            "Read once at the start from the environment, then from a `.env` file in the current "
            "folder, then from what `invoicer secrets set` stored in `INVOICER_DATA`. A wrong "
            "value stops the start with a message that names the variable.", "",
            "| Variable | Type | Default | Meaning |", "|---|---|---|---|", *rows, "",
            "## Of the plugins that ship inside", "",
            "For an installation with one business; what a business sets for itself on the page of "
            "the plugin wins.", "",
            "| Variable | Plugin | Meaning |", "|---|---|---|", *_of_plugins(), "",
        ]
    )  # fmt: skip


def _readings() -> list[ast.Call]:
    """Where `config` asks for a variable by its name, each name once."""
    found: dict[str, ast.Call] = {}
    for node in ast.walk(ast.parse(inspect.getsource(config))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if not isinstance(node.func.value, ast.Name) or not node.args:
            continue
        first = node.args[0]
        if node.func.value.id in ("read", "environ") and isinstance(first, ast.Constant):
            found.setdefault(str(first.value), node)
    return list(found.values())


def setting_names() -> frozenset[str]:
    """Every variable that the configuration reads."""
    return frozenset(map(_name_of, _readings()))


def _name_of(call: ast.Call) -> str:
    return str(call.args[0].value) if isinstance(call.args[0], ast.Constant) else ""


def _setting(call: ast.Call) -> str:
    name = _name_of(call)
    return f"| `{name}` | {_kind(call)} | {_default(call)} | {MEANINGS[name]} |"


def _kind(call: ast.Call) -> str:
    kind = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if kind == "integer":
        low, high = (ast.literal_eval(each) for each in call.args[2:4])
        return f"whole number, {low} to {high}"
    if kind == "choice":
        choices = call.args[2]
        named = choices.args[0] if isinstance(choices, ast.Call) else choices
        words = get_args(getattr(config, ast.unparse(named)))
        return ", ".join(f"`{word}`" for word in words)
    return _KINDS[kind]


def _default(call: ast.Call) -> str:
    name = _name_of(call)
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    given = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "default")]
    if not given or not isinstance(given[0], ast.Constant):
        return "none"
    value = given[0].value
    return f"`{int(value)}`" if isinstance(value, bool) else f"`{value!s}`"


def _of_plugins() -> Iterator[str]:
    for plugin, name, words in plugin_settings():
        yield f"| `{name}` | {plugin} | {words} |"


def plugin_settings() -> Iterator[tuple[str, str, str]]:
    """Plugin, variable and meaning of each setting of the built-in plugins that has a variable."""
    for name, loaded in sorted(discover("all", only_built_in=True).plugins.items()):
        for field in loaded.plugin.settings.model_fields.values():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and "env" in extra:
                yield (
                    name,
                    str(extra["env"]),
                    " ".join(f"{field.title}. {field.description or ''}".split()),
                )


# --- commands ------------------------------------------------------------------------------------


def cli_page() -> str:
    """Every command, with its arguments and options."""
    lines = ["# Commands", "", WRITTEN, ""]
    lines += ["`invoicer --help`, and `--help` after any command, say the same.", ""]
    for path, command in command_list():
        usage = " ".join(["invoicer", *path, *_arguments(command)])
        lines += [f"## `{usage}`", "", " ".join((command.help or "").split()), ""]
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                lines += [f"- {_option(parameter)}"]
        lines += [""] if any(isinstance(each, click.Option) for each in command.params) else []
    return "\n".join(lines)


def command_list(
    group: click.Group = commands, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that is not hidden, by the words that call it; those of a group after it."""
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from command_list(command, (*above, name))
        else:
            yield (*above, name), command


def _arguments(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            many = "…" if parameter.nargs == -1 else ""
            name = (parameter.name or "").upper() + many
            yield name if parameter.required else f"[{name}]"


def _option(option: click.Option) -> str:
    text = f"`{', '.join(option.opts)}`"
    if isinstance(option.type, click.Choice):
        text += f" ({', '.join(option.type.choices)}; {option.default} unless given)"
    return f"{text}: {option.help}" if option.help else text


# --- the API -------------------------------------------------------------------------------------


def api_page() -> str:
    """Every operation by tag: what it does and who may call it."""
    by_tag: dict[str, list[Operation]] = defaultdict(list)
    for each in operations():
        by_tag[each.tag].append(each)
    lines = ["# API operations", "", WRITTEN, ""]
    lines += [
        f"All paths begin with `{PREFIX}`. Bodies, answers and errors are described by the running "
        "installation at `/api/docs` and `/api/openapi.json`, plugins' resources included; how "
        "requests are made is told in [Use the API](../how-to/use-the-api.md).", "",
    ]  # fmt: skip
    for tag in sorted(by_tag):
        lines += [f"## {tag}", "", "| Operation | Does | Who |", "|---|---|---|"]
        for each in sorted(by_tag[tag], key=lambda one: (one.path, one.method)):
            who = {PUBLIC: "anybody", SIGNED_IN: "any user"}.get(each.access, f"`{each.access}`")
            lines += [f"| `{each.method} {each.path}` | {each.summary.rstrip('.')} | {who} |"]
        lines += [""]
    return "\n".join(lines)


# --- the plugins that ship beside the core -------------------------------------------------------


def shipped(root: Path) -> tuple[str, ...]:
    """The names of the plugins in a checkout, installed or not."""
    projects = sorted(path.parent for path in root.glob("plugins/*/pyproject.toml"))
    return tuple(sorted(name for project in projects for name in entry_points_in(project)))


def plugins_page(root: Path, stored: str, plugins: Mapping[str, Loaded] | None = None) -> str:
    """Every plugin of a checkout: what it offers and what may be set.

    Args:
        stored: the page as it is; who is not installed here keeps its section of it.
        plugins: those that are installed; None to look.
    """
    known = {each.split("`")[1]: f"## {each}" for each in stored.split("\n## ")[1:]}
    plugins = discover("all").plugins if plugins is None else plugins
    sections = [
        section(plugins[name]) if name in plugins else known.get(name, "").strip() + "\n"
        for name in shipped(root)
    ]
    head = [
        "# Plugins that ship beside the core", "", WRITTEN, "",
        "Each is a package of its own in `plugins/`, off for a business until it is switched on "
        "under Settings, Plugins. What a business sets there wins over the variable.", "",
    ]  # fmt: skip
    return "\n".join([*head, *sections])


PAGES: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "api.md": api_page,
}


def main(folder: Path) -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), "utf-8")
    path = folder / "plugins.md"
    stored = path.read_text("utf-8") if path.exists() else ""
    path.write_text(plugins_page(folder.resolve().parents[1], stored), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
