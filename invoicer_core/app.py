"""The only wiring, in reading order. Building the application touches no network."""

from collections.abc import Iterable

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix

from invoicer_core import api, host, live, web
from invoicer_core.config import Config
from invoicer_core.hooks import codec
from invoicer_core.hooks.plugin import Plugin
from invoicer_core.models import db
from invoicer_core.services import businesses, deliveries, links
from invoicer_core.services.plugins import plugin_jobs

TITLE = "Invoicer"
REQUEST_BYTES = 2 * 1024 * 1024
FORM_PARTS = 1_000


def create_app(
    config: Config | None = None, *, plugins: Iterable[type[Plugin]] | None = None
) -> APIFlask:
    """The application with all its faces.

    Args:
        config: what the process was told; read from the environment when absent.
        plugins: besides the built-in ones use exactly these, and let a broken one stop the start
            (tests, plugin authors); None finds the installed ones.
    """
    config = config or Config.load()
    app = APIFlask("invoicer_core", title=TITLE, docs_path=None, spec_path=None)
    app.extensions["invoicer.config"] = config
    app.config.update(
        SECRET_KEY=config.secret_keys[0],
        MAX_CONTENT_LENGTH=REQUEST_BYTES,
        MAX_FORM_PARTS=FORM_PARTS,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_pool(16),
        SQLALCHEMY_BINDS={"gate": {"url": config.gate_url, **_pool(4)}},
    )
    db.init_app(app)
    host.install(app, _host(config, plugins))
    _faces(app)
    if config.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=config.proxies, x_proto=config.proxies, x_host=config.proxies
        )
    return app


def _pool(size: int) -> dict[str, object]:
    """One JSON codec for columns too, so that numbers stay exact; statements prepared early."""
    return {
        "pool_size": size,
        "max_overflow": 4,
        "pool_timeout": 10,
        "pool_pre_ping": False,
        "json_serializer": codec.dumps,
        "json_deserializer": codec.loads,
        "connect_args": {"prepare_threshold": 2},
    }


def _host(config: Config, plugins: Iterable[type[Plugin]] | None) -> host.Host:
    registry = host.discover(
        config.plugins, extra=plugins or (), only_built_in=plugins is not None,
        strict=plugins is not None,
    )  # fmt: skip
    return host.Host(
        registry=registry,
        secret_keys=config.secret_keys,
        environ=config.plugin_environ,
        load_business=lambda business_id: businesses.get(business_id=business_id),
        job_later=plugin_jobs.later,
        url_of=links.plugin_url,
        tell_paused=deliveries.tell_paused,
    )


def _faces(app: APIFlask) -> None:
    """The API, the pages and the live channel, each with what their plugins add."""
    api.register(app)
    web.register(app)
    live.register(app)
