"""The only wiring, in reading order. Building the application touches no network."""

from collections.abc import Iterable

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix

from invoicer_core.config import Config
from invoicer_core.models import db

POOL = {
    "pool_size": 16,
    "max_overflow": 4,
    "pool_timeout": 10,
    "connect_args": {"prepare_threshold": 2},
}


def create_app(config: Config | None = None, *, plugins: Iterable[object] | None = None) -> APIFlask:
    """The application with all its faces.

    Args:
        config: what the process was told; read from the environment when absent.
        plugins: use exactly these plugins instead of the installed ones (tests, authors).
    """
    config = config or Config.load()
    app = APIFlask("invoicer_core", docs_path=None, spec_path=None)
    app.extensions["invoicer.config"] = config
    app.config.update(
        SECRET_KEY=config.secret_keys[0],
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_PARTS=1000,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=POOL,
        SQLALCHEMY_BINDS={"gate": {"url": config.gate_url, **POOL, "pool_size": 4}},
    )
    db.init_app(app)
    if config.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies)  # type: ignore[method-assign]
    return app
