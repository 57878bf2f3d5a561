"""All data of the business, packed in the background."""

from flask import g, redirect, url_for
from flask_babel import gettext as _

from invoicer_core.services import exports, tasks
from invoicer_core.web import access, formats, once
from invoicer_core.web.access import Answer, Site, members
from invoicer_core.web.settings import frame


def install(site: Site) -> None:
    """Add the pages of this file."""
    site.add_url_rule("/settings/export", "settings_export", show)
    site.add_url_rule("/settings/export", "settings_export_start", start, methods=["POST"])


@members("settings.write")
def show() -> Answer:
    """What is in the file, and the files that were made before."""
    made = [each for each in tasks.find(limit=100).items if each.kind == exports.KIND]
    return frame.page("export", tasks=made[:10])


@members("business.delete")
def start() -> Answer:
    """Pack everything, for owners only: it holds whatever the business knows."""

    def store() -> str:
        name = f"{_file_name(g.business.name)}-{formats.today().isoformat()}"
        made = tasks.start(
            kind=exports.KIND, data={"name": name}, by=access.actor(), title=_("All data")
        )
        return url_for("web.task", task_id=made.id)

    return redirect(once.made(store))


def _file_name(name: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in name).strip("-") or "business"
