"""Environment -> frozen :class:`Config`; the only module that reads ``os.environ``.

Order of precedence: the environment, then a ``.env`` file in the current folder, then
``secrets.json`` in ``INVOICER_DATA`` (written by ``invoicer secrets set`` and for generated keys).
"""

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, get_args
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

Signup = Literal["first", "invite", "open"]
LogLevel = Literal["debug", "info", "warning", "error"]

SECRETS_FILE = "secrets.json"
MIN_KEY_LENGTH = 32
SAMPLE_KEYS = ("change", "secret", "example", "sample", "password", "default", "0123456789", "test")
CORE_NAMES = frozenset(
    {
        "DATABASE_URL", "DATABASE_GATE_URL", "DATABASE_OWNER_URL", "DATABASE_SQL_URL", "REDIS_URL",
        "PORT", "LOG_LEVEL",
    }
)  # fmt: skip
HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?|[0-9a-f:]*:[0-9a-f:.]*", re.ASCII)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
RATE_LIMIT = re.compile(
    r"off|\d+/(second|minute|hour|day)(;\d+/(second|minute|hour|day))*", re.ASCII
)


class ConfigError(ValueError):
    """A setting is wrong; the message names the variable and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything the process was told at its start. Addresses are SQLAlchemy's form of URL.

    The four addresses of the database and ``redis_url`` are None until the embedded
    servers have been found or started (``embedded.servers``) or were given by environment.
    ``hosts`` are the names that requests may ask for; empty, while nobody named any: all.
    """

    data: Path
    bind: str = "127.0.0.1"
    port: int = 8000
    url: str = "http://127.0.0.1:8000"
    hosts: frozenset[str] = frozenset()
    database_url: str | None = field(default=None, repr=False)
    gate_url: str | None = field(default=None, repr=False)
    sql_url: str | None = field(default=None, repr=False)
    owner_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    pg_bin: Path | None = None
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    plugins: Literal["all", "none"] | tuple[str, ...] = "all"
    signup: Signup = "first"
    demo: bool = False
    peers: bool = False
    cors_origins: tuple[str, ...] = ()
    log_level: LogLevel = "info"
    log_dir: Path | None = None
    web_workers: int = 2
    proxies: int = 0
    rate_limit_account: str = "1200/minute"
    rate_limit_address: str = "600/minute"
    rate_limit_sign_in: str = "10/minute;100/hour"
    upload_bytes: int = 20_000_000
    visit_days: int = 400
    plugin_environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls) -> "Config":
        """The configuration of this process: environment over ``.env`` over stored secrets."""
        return cls.from_environ({**_read_env_file(Path(".env")), **os.environ})

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Config":
        """Read and check every setting.

        Generates and stores the secret keys when there are none.

        Raises:
            ConfigError: a value is wrong; the message names the variable.
        """
        data = Path(environ.get("INVOICER_DATA") or "data").absolute()
        merged = {**stored_secrets(data), **{k: v for k, v in environ.items() if v != ""}}
        read = _Reader(merged)
        port = read.integer("PORT", 8000, 1, 65535)
        url = read.public_url("INVOICER_URL", f"http://127.0.0.1:{port}")
        return cls(
            data=data,
            bind=read.text("INVOICER_BIND", "127.0.0.1"),
            port=port,
            url=url,
            hosts=read.hosts("INVOICER_HOSTS", url if "INVOICER_URL" in merged else None),
            **_databases(read),
            redis_url=read.redis_url("REDIS_URL"),
            pg_bin=read.folder("INVOICER_PG_BIN"),
            secret_keys=_secret_keys(read, data),
            plugins=read.plugins("INVOICER_PLUGINS"),
            signup=cast(Signup, read.choice("INVOICER_SIGNUP", "first", get_args(Signup))),
            demo=read.boolean("INVOICER_DEMO", default=False),
            peers=read.boolean("INVOICER_PEERS", default=False),
            cors_origins=read.origins("INVOICER_CORS_ORIGINS"),
            log_level=cast(LogLevel, read.choice("LOG_LEVEL", "info", get_args(LogLevel))),
            log_dir=read.folder("INVOICER_LOG_DIR", must_exist=False),
            web_workers=read.integer("INVOICER_WEB_WORKERS", 2, 1, 64),
            proxies=read.integer("INVOICER_PROXIES", 0, 0, 5),
            rate_limit_account=read.rate_limit("INVOICER_RATE_LIMIT_ACCOUNT", "1200/minute"),
            rate_limit_address=read.rate_limit("INVOICER_RATE_LIMIT_ADDRESS", "600/minute"),
            rate_limit_sign_in=read.rate_limit("INVOICER_RATE_LIMIT_SIGN_IN", "10/minute;100/hour"),
            upload_bytes=read.integer("INVOICER_UPLOAD_MB", 20, 1, 1000) * 1_000_000,
            visit_days=read.integer("INVOICER_VISIT_DAYS", 400, 1, 3650),
            plugin_environ=MappingProxyType(_for_plugins(merged)),
            environ=MappingProxyType(dict(environ)),
        )

    @property
    def is_https(self) -> bool:
        """Cookies are Secure and HSTS is sent exactly when the public address is https."""
        return self.url.startswith("https://")

    @property
    def setup_code(self) -> str:
        """The code that the first owner types when sign-up is ``first``: 16 letters in fours.

        Derived from the newest secret key, so every host shows the same one.
        """
        digest = hmac.new(self.secret_keys[0].encode(), b"set-up code", hashlib.sha256).digest()
        letters = base64.b32encode(digest[:10]).decode()
        return "-".join(letters[at : at + 4] for at in range(0, 16, 4))

    def child_environ(self) -> dict[str, str]:
        """The environment for a run-time process: addresses filled in, the owner's left out."""
        given = dict(self.environ)
        given.pop("DATABASE_OWNER_URL", None)
        given.update(INVOICER_DATA=str(self.data), PORT=str(self.port))
        given.update(INVOICER_BIND=self.bind, INVOICER_SIGNUP=self.signup)
        given["INVOICER_DEMO"] = "1" if self.demo else "0"
        # Matrices on several threads are several times slower where the cores are busy.
        given.setdefault("OPENBLAS_NUM_THREADS", "1")
        addresses = {
            "DATABASE_URL": self.database_url,
            "DATABASE_GATE_URL": self.gate_url,
            "DATABASE_SQL_URL": self.sql_url,
            "REDIS_URL": self.redis_url,
        }
        given.update({name: value for name, value in addresses.items() if value is not None})
        return given


class _Reader:
    """Typed access to the variables; every refusal names its variable."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def optional(self, name: str) -> str | None:
        return self._environ.get(name)

    def text(self, name: str, default: str) -> str:
        return self._environ.get(name, default).strip()

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
            raise ConfigError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
        return int(text)

    def boolean(self, name: str, *, default: bool) -> bool:
        text = self.text(name, "1" if default else "0").lower()
        if text not in ("0", "1", "true", "false", "yes", "no"):
            raise ConfigError(f"{name} must be 1 or 0, not {text!r}.")
        return text in ("1", "true", "yes")

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        text = self.text(name, default).lower()
        if text not in allowed:
            raise ConfigError(f"{name} must be one of {', '.join(allowed)}, not {text!r}.")
        return text

    def folder(self, name: str, *, must_exist: bool = True) -> Path | None:
        text = self.optional(name)
        if text is None:
            return None
        path = Path(text).absolute()
        if must_exist and not path.is_dir():
            raise ConfigError(f"{name} names a folder that does not exist: {path}")
        return path

    def rate_limit(self, name: str, default: str) -> str:
        text = self.text(name, default).replace(" ", "")
        if not RATE_LIMIT.fullmatch(text):
            raise ConfigError(f'{name} must look like "600/minute;5000/hour" or be "off".')
        return text

    def plugins(self, name: str) -> Literal["all", "none"] | tuple[str, ...]:
        text = self.text(name, "all")
        if text == "all":
            return "all"
        if text == "none":
            return "none"
        names = tuple(part.strip() for part in text.split(",") if part.strip())
        for plugin in names:
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", plugin):
                raise ConfigError(f"{name} must be all, none or plugin names, not {plugin!r}.")
        return names

    def origins(self, name: str) -> tuple[str, ...]:
        parts = self.text(name, "").split(",")
        found = tuple(part.strip().rstrip("/") for part in parts if part.strip())
        for origin in found:
            split = urlsplit(origin)
            if split.scheme not in ("http", "https") or not split.netloc or split.path:
                raise ConfigError(
                    f"{name} must list origins like https://app.test, not {origin!r}."
                )
        return found

    def public_url(self, name: str, default: str) -> str:
        text = self.text(name, default).rstrip("/")
        split = urlsplit(text)
        if split.scheme not in ("http", "https") or not split.netloc or split.path or split.query:
            raise ConfigError(f"{name} must be http(s)://host without a path, not {text!r}.")
        return text

    def hosts(self, name: str, url: str | None) -> frozenset[str]:
        """The names of the public address and those of the setting; none without an address. On
        loopback its names are one."""
        named = {part.strip().lower() for part in self.text(name, "").split(",") if part.strip()}
        for host in named:
            if not HOST.fullmatch(host):
                raise ConfigError(f"{name} must list host names without ports, not {host!r}.")
        if url is None:
            return frozenset()
        own = (urlsplit(url).hostname or "").lower()
        return frozenset({own, *named, *(LOOPBACK if own in LOOPBACK else ())})

    def redis_url(self, name: str) -> str | None:
        text = self.optional(name)
        if text is not None and urlsplit(text).scheme not in ("redis", "rediss", "unix"):
            raise ConfigError(f"{name} must start with redis://, rediss:// or unix://.")
        return text

    def database(self, name: str) -> SplitResult | None:
        text = self.optional(name)
        if text is None:
            return None
        split = urlsplit(text)
        if split.scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
            raise ConfigError(f"{name} must start with postgresql://")
        if not split.username or len(split.path) < 2:
            raise ConfigError(f"{name} must name a user and a database: postgresql://user:...@/db")
        return split._replace(scheme="postgresql+psycopg")


def with_login(split: SplitResult, user: str, password: str | None) -> str:
    """The same database for another login, as a URL."""
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    host = split.netloc.rpartition("@")[2]
    return urlunsplit(split._replace(netloc=f"{login}@{host}"))


def libpq_url(url: str) -> str:
    """A SQLAlchemy URL as psycopg and libpq read it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _databases(read: _Reader) -> dict[str, str | None]:
    app, gate = read.database("DATABASE_URL"), read.database("DATABASE_GATE_URL")
    owner = read.database("DATABASE_OWNER_URL")
    if app is None:
        if gate is not None or owner is not None:
            name = "DATABASE_GATE_URL" if gate is not None else "DATABASE_OWNER_URL"
            raise ConfigError(f"{name} is set but DATABASE_URL is not: set both or neither.")
        return dict.fromkeys(("database_url", "gate_url", "sql_url", "owner_url"))
    if owner is not None and owner.username == app.username:
        raise ConfigError("DATABASE_URL must not use the owner's login: row level security.")
    found_gate = urlunsplit(gate) if gate else with_login(app, "invoicer_gate", _password(app))
    asks = read.database("DATABASE_SQL_URL")
    return {
        "database_url": urlunsplit(app),
        "gate_url": found_gate,
        "sql_url": urlunsplit(asks) if asks else with_login(app, "invoicer_sql", _password(app)),
        "owner_url": urlunsplit(owner) if owner else None,
    }


def _password(split: SplitResult) -> str | None:
    return unquote(split.password) if split.password else None


def _secret_keys(read: _Reader, data: Path) -> tuple[str, ...]:
    text = read.optional("INVOICER_SECRET_KEYS")
    if text is None:
        key = secrets.token_hex(32)
        return (store_secret(data, "INVOICER_SECRET_KEYS", key, replace=False),)
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    for key in keys:
        lowered = key.lower()
        weak = len(set(key)) < 10 or any(word in lowered for word in SAMPLE_KEYS)
        if len(key) < MIN_KEY_LENGTH or weak:
            raise ConfigError(
                f"INVOICER_SECRET_KEYS holds a key that is short (under {MIN_KEY_LENGTH}) or looks "
                "like a sample. Make one: python3 -c 'import secrets;print(secrets.token_hex(32))'"
            )
    if not keys:
        raise ConfigError("INVOICER_SECRET_KEYS is set but holds no key.")
    return keys


def _for_plugins(environ: Mapping[str, str]) -> dict[str, str]:
    own = ("INVOICER_", "EMBEDDED_")
    return {k: v for k, v in environ.items() if k not in CORE_NAMES and not k.startswith(own)}


def stored_secrets(data: Path) -> dict[str, str]:
    """What ``secrets.json`` in the data folder holds; empty without the file.

    Raises:
        ConfigError: others can read the file, or it is not a JSON object of strings.
    """
    path = data / SECRETS_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path} can be read by others: chmod 600 it.")
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        raise ConfigError(f"{path} cannot be read by this user.") from error
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path} is not valid JSON.") from error
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise ConfigError(f"{path} must hold an object of strings.")
    return found


def store_secret(data: Path, name: str, value: str, *, replace: bool = True) -> str:
    """Keep one value in ``secrets.json`` (mode 0600); return the value that is stored now.

    With ``replace=False`` an existing value stays: two processes that start together agree.
    """
    make_data_folder(data)
    lock = os.open(data / ".secrets.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.lockf(lock, os.F_LOCK, 0)
        found = stored_secrets(data)
        if name in found and not replace:
            return found[name]
        found[name] = value
        fresh = data / f"{SECRETS_FILE}.new"
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(found, out, indent=1, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(data / SECRETS_FILE)
        return value
    finally:
        os.close(lock)


def make_data_folder(data: Path) -> None:
    """For us alone; as root, the user of the embedded servers must be able to pass through."""
    data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)


def _read_env_file(path: Path) -> dict[str, str]:
    """``NAME=value`` lines; ``#`` starts a comment line; quotes around a value are dropped."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (FileNotFoundError, PermissionError):
        return {}
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name.removeprefix("export ").strip()] = value
    return found
