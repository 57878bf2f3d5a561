"""Large packages that few businesses need: imported when one is first used, not at every start.

Every process of an installation holds what the application has imported, in each of its copies. A
company's client library may take 10 MB there, for a plugin that nobody has switched on.
"""

import sys
from importlib import import_module
from mmap import PAGESIZE, mmap
from types import ModuleType
from typing import Any, Final

_names: Final[list[str]] = []
_used: Final = mmap(-1, PAGESIZE)
"""A byte for each of the names, which a process and its forks share: 1 once one has used it."""


class _Later(ModuleType):
    """Stands for a module; what is asked of it is asked of the module itself."""

    def __getattr__(self, name: str) -> Any:
        module = import_module(self.__name__)
        _used[_names.index(self.__name__)] = 1
        return getattr(module, name)


def on_first_use(name: str) -> ModuleType:
    """A module that is imported, for good, when something of it is first asked for.

    For type checkers, and for whoever reads, beside the import that it replaces::

        if TYPE_CHECKING:
            import acme
        else:
            acme = on_first_use("acme")

    What runs while the own module is imported must not use it: neither annotations that are not
    quoted, nor base classes, nor constants.
    """
    if name not in _names:
        _names.append(name)
    return _Later(name)


def import_what_was_used() -> None:
    """Import what this process, its parent or one of their forks has used: who is about to fork
    for each job does it once instead of in each of them."""
    for at, name in enumerate(_names):
        if _used[at] and name not in sys.modules:
            import_module(name)
