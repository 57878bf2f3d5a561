"""Environment -> Config: types, defaults, refusals that name their variable, kept secrets."""

import dataclasses
from pathlib import Path

import pytest

from invoicer_core.config import Config, ConfigError, libpq_url, store_secret, stored_secrets

KEY = "8f1d9c2b8a7e4053b1c6d8f2a49e70b53c"


def read(tmp_path: Path, **environ: str) -> Config:
    given = {"INVOICER_DATA": str(tmp_path), "INVOICER_SECRET_KEYS": KEY, **environ}
    return Config.from_environ(given)


def test_an_empty_environment_is_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = Config.from_environ({})
    assert config.data == tmp_path / "data"
    assert (config.port, config.url, config.bind) == (8000, "http://127.0.0.1:8000", "127.0.0.1")
    assert (config.signup, config.plugins, config.log_level) == ("first", "all", "info")
    assert config.database_url is config.redis_url is config.owner_url is None
    assert not config.is_https


def test_an_empty_variable_counts_as_absent(tmp_path):
    assert read(tmp_path, PORT="", DATABASE_URL="", REDIS_URL="").port == 8000


def test_the_address_follows_the_port_and_https_is_seen(tmp_path):
    assert read(tmp_path, PORT="9000").url == "http://127.0.0.1:9000"
    config = read(tmp_path, INVOICER_URL="https://in.example.org/")
    assert config.url == "https://in.example.org"
    assert config.is_https


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "８０００"),
        ("PORT", "-1"),
        ("INVOICER_SIGNUP", "anybody"),
        ("LOG_LEVEL", "loud"),
        ("INVOICER_URL", "invoices.example.org"),
        ("INVOICER_URL", "https://example.org/path"),
        ("INVOICER_CORS_ORIGINS", "https://a.test,b.test"),
        ("INVOICER_CORS_ORIGINS", "*"),
        ("INVOICER_PLUGINS", "email,../x"),
        ("INVOICER_PG_BIN", "/no/such/folder"),
        ("INVOICER_WEB_WORKERS", "many"),
        ("INVOICER_PROXIES", "9"),
        ("INVOICER_RATE_LIMIT_SIGN_IN", "lots"),
        ("INVOICER_DEMO", "maybe"),
        ("INVOICER_SECRET_KEYS", "short"),
        ("INVOICER_SECRET_KEYS", "change-me-change-me-change-me-change-me"),
        ("INVOICER_SECRET_KEYS", "correct-horse-SECRET-battery-staple-7"),
        ("INVOICER_SECRET_KEYS", "a" * 64),
        ("INVOICER_SECRET_KEYS", f"{KEY},short"),
        ("INVOICER_SECRET_KEYS", " , "),
        ("DATABASE_URL", "mysql://app@h/db"),
        ("DATABASE_URL", "postgresql:///db"),
        ("DATABASE_URL", "postgresql://app@h/"),
        ("DATABASE_GATE_URL", "postgresql://gate@h/db"),
        ("DATABASE_OWNER_URL", "postgresql://owner@h/db"),
        ("REDIS_URL", "http://h"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path, name, value):
    with pytest.raises(ConfigError, match=name):
        read(tmp_path, **{name: value})


def test_the_owners_login_is_refused_at_run_time(tmp_path):
    url = "postgresql://invoicer_owner:x@h/db"
    with pytest.raises(ConfigError, match="owner's login"):
        read(tmp_path, DATABASE_URL=url, DATABASE_OWNER_URL=url)


def test_the_gate_has_the_apps_password_unless_told_otherwise(tmp_path):
    url = "postgres://invoicer_app:p%40ss%2Fw@db.test:6432/invoicer?sslmode=require"
    config = read(tmp_path, DATABASE_URL=url)
    tail = "@db.test:6432/invoicer?sslmode=require"
    assert config.database_url == f"postgresql+psycopg://invoicer_app:p%40ss%2Fw{tail}"
    assert config.gate_url == f"postgresql+psycopg://invoicer_gate:p%40ss%2Fw{tail}"
    assert libpq_url(config.gate_url) == f"postgresql://invoicer_gate:p%40ss%2Fw{tail}"
    told = read(tmp_path, DATABASE_URL=url, DATABASE_GATE_URL="postgresql://g:other@db.test/i")
    assert told.gate_url == "postgresql+psycopg://g:other@db.test/i"


def test_a_socket_address_keeps_its_folder(tmp_path):
    config = read(tmp_path, DATABASE_URL="postgresql://invoicer_app:w@/invoicer?host=/run/x")
    assert config.gate_url == "postgresql+psycopg://invoicer_gate:w@/invoicer?host=/run/x"


def test_lists_are_split_and_trimmed(tmp_path):
    config = read(
        tmp_path, INVOICER_PLUGINS="email, local_store", INVOICER_CORS_ORIGINS="https://a.test/ ,"
    )
    assert config.plugins == ("email", "local_store")
    assert config.cors_origins == ("https://a.test",)
    assert read(tmp_path, INVOICER_PLUGINS="none").plugins == "none"


def test_secret_keys_are_generated_once_and_stored_for_the_owner_only(tmp_path):
    environ = {"INVOICER_DATA": str(tmp_path / "new")}
    first, second = Config.from_environ(environ), Config.from_environ(environ)
    assert first.secret_keys == second.secret_keys
    assert len(first.secret_keys[0]) >= 32
    assert (tmp_path / "new/secrets.json").stat().st_mode & 0o777 == 0o600
    assert first.setup_code == second.setup_code
    assert len(first.setup_code) == 19


def test_several_keys_are_kept_newest_first(tmp_path):
    assert read(tmp_path, INVOICER_SECRET_KEYS=f"{KEY}, {KEY[::-1]}").secret_keys == (
        KEY,
        KEY[::-1],
    )


def test_plugins_see_what_is_theirs_and_no_key_of_ours(tmp_path):
    store_secret(tmp_path, "ACME_TOKEN", "stored")
    store_secret(tmp_path, "EMBEDDED_APP_PASSWORD", "hidden")
    url = "postgresql://invoicer_app:w@h/db"
    config = read(tmp_path, ACME_TOKEN="given", SMTP_URL="smtp://h", DATABASE_URL=url)
    assert config.plugin_environ["ACME_TOKEN"] == "given"
    assert config.plugin_environ["SMTP_URL"] == "smtp://h"
    hidden = ("DATABASE_URL", "INVOICER_SECRET_KEYS", "EMBEDDED_APP_PASSWORD", "INVOICER_DATA")
    assert not set(hidden) & set(config.plugin_environ)
    assert read(tmp_path).plugin_environ["ACME_TOKEN"] == "stored"


def test_nothing_secret_is_shown_by_repr(tmp_path):
    store_secret(tmp_path, "ACME_TOKEN", "tell-nobody")
    shown = repr(read(tmp_path, DATABASE_URL="postgresql://invoicer_app:tell-nobody@h/db"))
    assert "tell-nobody" not in shown
    assert KEY not in shown


def test_the_config_is_frozen(tmp_path):
    with pytest.raises(dataclasses.FrozenInstanceError):
        read(tmp_path).port = 1


def test_a_child_learns_the_addresses_but_not_the_owners(tmp_path):
    config = read(
        tmp_path,
        DATABASE_URL="postgresql://invoicer_app:w@h/db",
        DATABASE_OWNER_URL="postgresql://invoicer_owner:o@h/db",
        REDIS_URL="redis://h",
    )
    child = config.child_environ()
    assert "DATABASE_OWNER_URL" not in child
    again = Config.from_environ(child)
    assert again.owner_url is None
    assert (again.database_url, again.gate_url, again.redis_url) == (
        config.database_url,
        config.gate_url,
        config.redis_url,
    )


def test_a_stored_value_is_replaced_only_when_asked(tmp_path):
    assert store_secret(tmp_path, "A", "1") == "1"
    assert store_secret(tmp_path, "A", "2", replace=False) == "1"
    assert store_secret(tmp_path, "A", "3") == "3"
    assert stored_secrets(tmp_path) == {"A": "3"}


@pytest.mark.parametrize("text", ["{", "[]", '{"A": 1}'])
def test_a_broken_secrets_file_is_refused(tmp_path, text):
    path = tmp_path / "secrets.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"secrets\.json"):
        read(tmp_path)


def test_a_dot_env_file_is_read_and_the_environment_wins(tmp_path, monkeypatch):
    lines = '# comment\nexport PORT=8100\nLOG_LEVEL="debug"\nnonsense\nINVOICER_PROXIES=2\n'
    (tmp_path / ".env").write_text(lines)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INVOICER_PROXIES", "1")
    config = Config.load()
    assert (config.port, config.log_level, config.proxies) == (8100, "debug", 1)
