"""Worker and clock as processes: each in an application of its own, or both in one."""

from invoicer_core.app import create_app
from invoicer_core.config import Config
from invoicer_core.embedded.logs import set_up_logging
from invoicer_core.jobs import clock, worker


def run_worker(config: Config, *, with_clock: bool) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        with_clock: a clock is one of its processes, with a log of its own.
    """
    set_up_logging(config, "worker")
    app = create_app(config)

    def tick() -> None:
        set_up_logging(config, "clock")
        clock.main(app)

    worker.main(app, [worker.Child("clock", tick)] if with_clock else [])


def run_clock(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    set_up_logging(config, "clock")
    clock.main(create_app(config))
