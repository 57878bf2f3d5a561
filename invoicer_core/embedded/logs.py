"""Where log lines go: standard output, or one file per role in ``INVOICER_LOG_DIR``."""

import logging
import logging.handlers
import time

from invoicer_core.config import Config

FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s {role} %(name)s: %(message)s"
# They tell every request or job at INFO; ours say what matters.
QUIET = ("alembic", "engineio", "geventwebsocket", "rq", "socketio", "urllib3", "weasyprint")


class UtcFormatter(logging.Formatter):
    """ISO 8601 instants in UTC."""

    def converter(self, seconds: float | None) -> time.struct_time:
        """In UTC, wherever the machine stands."""
        return time.gmtime(seconds)


def set_up_logging(config: Config, role: str) -> None:
    """Send this process's log lines where the operator wants them.

    A file is opened again when it is moved away, so logrotate needs no signal.
    """
    handler: logging.Handler
    if config.log_dir is None:
        handler = logging.StreamHandler()
    else:
        config.log_dir.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.WatchedFileHandler(config.log_dir / f"{role}.log", "a", "utf-8")
    handler.setFormatter(UtcFormatter(FORMAT.format(role=role), "%Y-%m-%dT%H:%M:%S"))
    logging.basicConfig(handlers=[handler], level=config.log_level.upper(), force=True)
    if config.log_level != "debug":
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
