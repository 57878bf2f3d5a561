"""gunicorn's settings for the web role. Patches first: everything after it must cooperate."""

import gc
import threading
from typing import Any

from gevent import monkey

monkey.patch_all()

from invoicer_core.config import Config  # noqa: E402
from invoicer_core.embedded.logs import set_up_logging  # noqa: E402
from invoicer_core.host import blame_abandoned, watch  # noqa: E402

_config = Config.load()
set_up_logging(_config, "web")

bind = [f"{_config.bind}:{_config.port}"]
workers = _config.web_workers
worker_class = "gevent"
# Made once and shared by the forks: the application touches no network before its first request.
preload_app = True
worker_connections = 2000
backlog = 2048
timeout = 60
# Open sockets never end by themselves: do not wait long for them.
graceful_timeout = 4
keepalive = 30
# Heartbeat files must not lie on a disk that may stall.
worker_tmp_dir = "/dev/shm"  # noqa: S108
accesslog = None
loglevel = "warning" if _config.log_level == "info" else _config.log_level
forwarded_allow_ips = "*" if _config.proxies else ""
control_socket_disable = True
limit_request_line = 8190


def when_ready(_server: Any) -> None:
    """Make what is shared safe to fork."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):  # half alive in a fork: let it end here
            thread.join(1)
    # Keep the collector away from it: touching it would copy it into every fork.
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Count a hook in which an earlier process died against its plugin; then watch this one's."""
    folder = _config.data / "run" / "hooks"
    with worker.app.callable.app_context():
        blame_abandoned(folder)
    watch.start(folder)
