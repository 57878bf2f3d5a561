"""Where this installation keeps what must last."""

from pathlib import Path

from invoicer_core.services import secret_keys


def data_folder() -> Path:
    """``INVOICER_DATA`` of the running application."""
    return secret_keys.settings().data
