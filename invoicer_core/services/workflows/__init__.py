"""Workflows as rows: a run stands in one state; a delivery moves it on, one step at a time."""

from collections.abc import Mapping
from typing import Any

from invoicer_core.domain.actor import Actor
from invoicer_core.domain.errors import NotFound
from invoicer_core.domain.work import RunSnapshot
from invoicer_core.services.transaction import transaction
from invoicer_core.services.workflows import definitions, moving
from invoicer_core.services.workflows.asl import asl
from invoicer_core.services.workflows.definitions import NotOffered
from invoicer_core.services.workflows.finding import counts, find, get, names, of_invoice
from invoicer_core.services.workflows.mermaid import mermaid
from invoicer_core.services.workflows.people import cancel, correct, retry, skip
from invoicer_core.services.workflows.stepping import (
    STEPS,
    SUBSCRIBER,
    advance,
    gave_up,
    limit_of,
    plugin_of,
)
from invoicer_core.services.workflows.svg import svg


def start(
    *, workflow: str, given: Mapping[str, Any], by: Actor, invoice_id: int | None = None
) -> RunSnapshot:
    """Begin a run on the newest version; its first step is done by a worker.

    Raises:
        NotFound: no such workflow.
        Unavailable: its plugin is off.
        InvalidInput: the input does not fit.
    """
    provided = definitions.newest(workflow)
    checked = moving.checked(provided.offer, given)
    with transaction(by=by) as unit:
        return moving.begin(unit, provided.offer, checked, invoice_id)


__all__ = [
    "STEPS",
    "SUBSCRIBER",
    "NotFound",
    "NotOffered",
    "advance",
    "asl",
    "cancel",
    "correct",
    "counts",
    "definitions",
    "find",
    "gave_up",
    "get",
    "limit_of",
    "mermaid",
    "names",
    "of_invoice",
    "plugin_of",
    "retry",
    "skip",
    "start",
    "svg",
]
