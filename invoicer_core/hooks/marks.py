"""The two marks: ``hookspec`` declares a hook (the core does), ``hookimpl`` implements one."""

from typing import Final

import pluggy

PROJECT: Final = "invoicer"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
