"""``invoicer workflows``: imports are inside the commands, as in `cli`."""

import click

from invoicer_core.config import Config, ConfigError


@click.group()
def workflows() -> None:
    """The workflows that the installed plugins define."""


@workflows.command(name="list")
def list_workflows() -> None:
    """Name, version, plugin and title of every workflow."""
    from invoicer_core.embedded.workflow_tools import listed

    for line in listed(Config.load()):
        click.echo(line)


@workflows.command(name="show")
@click.option("--version", type=int, help="Another version than the newest.")
@click.argument("name")
def show_workflow(version: int | None, name: str) -> None:
    """The states of workflow NAME: tries and limits, and where each leads."""
    from invoicer_core.embedded.workflow_tools import NoWorkflow, shown

    try:
        for line in shown(Config.load(), name, version):
            click.echo(line)
    except NoWorkflow as missing:
        raise ConfigError(str(missing)) from missing


@workflows.command(name="export")
@click.option(
    "--format", "form", type=click.Choice(["asl", "mermaid", "svg"]), default="asl",
    show_default=True, help="Amazon States Language (JSON), a Mermaid diagram, or a drawing.",
)  # fmt: skip
@click.option("--version", type=int, help="Another version than the newest.")
@click.argument("name")
def export_workflow(form: str, version: int | None, name: str) -> None:
    """Write workflow NAME to the standard output, for other programs."""
    from invoicer_core.embedded.workflow_tools import NoWorkflow, exported

    try:
        click.echo(exported(Config.load(), name, form, version), nl=False)
    except NoWorkflow as missing:
        raise ConfigError(str(missing)) from missing
