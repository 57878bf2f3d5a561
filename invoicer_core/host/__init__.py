"""Runs plugins: finds them, calls them under guard, keeps their state, settings and secrets."""

from invoicer_core.host.calls import (
    Outcome,
    Proposals,
    asked,
    blame_abandoned,
    deliver,
    objections,
    parked,
    proposals,
    refuse_objected,
    rendered,
    slots,
    subscribers,
)
from invoicer_core.host.host import Host, current, install
from invoicer_core.host.registry import Quarantined, Registry, discover

__all__ = [
    "Host",
    "Outcome",
    "Proposals",
    "Quarantined",
    "Registry",
    "asked",
    "blame_abandoned",
    "current",
    "deliver",
    "discover",
    "install",
    "objections",
    "parked",
    "proposals",
    "refuse_objected",
    "rendered",
    "slots",
    "subscribers",
]
