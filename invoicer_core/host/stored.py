"""The settings of a plugin for a business: the table ``plugin_settings``.

Plain values lie in ``values``; secrets lie in ``sealed``, each sealed for its business, plugin and
field. What a business set wins over the environment, the environment over the default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text

from invoicer_core.domain.errors import Conflict, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.hooks.codec import dumps
from invoicer_core.hooks.settings import (
    Secret,
    Settings,
    environ_names,
    is_unchanged_secret,
    secret_names,
    validated,
)
from invoicer_core.host.states import AnySession
from invoicer_core.host.vault import Place, Vault

_READ: Final = text(
    'SELECT "values", sealed, version FROM plugin_settings'
    " WHERE business_id = :business AND plugin = :plugin"
)
_WRITE: Final = text(
    'INSERT INTO plugin_settings AS s (business_id, plugin, "values", sealed)'
    " VALUES (:business, :plugin, cast(:values AS jsonb), cast(:sealed AS jsonb))"
    ' ON CONFLICT (business_id, plugin) DO UPDATE SET "values" = excluded."values",'
    " sealed = excluded.sealed, version = s.version + 1, updated_at = now()"
    " WHERE s.version = :version RETURNING s.version"
)
_SEALED: Final = text(
    "SELECT plugin, sealed, version FROM plugin_settings WHERE business_id = :business"
    " AND sealed <> '{}'::jsonb ORDER BY plugin"
)
_RESEAL: Final = text(
    "UPDATE plugin_settings SET sealed = cast(:sealed AS jsonb), updated_at = now()"
    " WHERE business_id = :business AND plugin = :plugin AND version = :version RETURNING version"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as it is: ``version`` 0 means there is none."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sealed: Mapping[str, str] = field(default_factory=dict)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Drawer:
    """The settings of one plugin for one business.

    Args:
        environ: the variables that settings fields may name in ``env``.
    """

    session: AnySession
    vault: Vault
    environ: Mapping[str, str]
    business_id: int
    plugin: str
    kind: type[Settings]

    def effective(self) -> Settings:
        """The settings as the plugin sees them.

        Raises:
            InvalidInput: names the fields that still need a value.
            VaultError: a secret does not open with the keys we have.
        """
        stored = self._read()
        values: dict[str, Any] = {**self._from_environ(), **stored.values}
        for name, sealed in stored.sealed.items():
            if name in self.kind.model_fields:
                values[name] = Secret(self.vault.open(self._place(name), sealed))
        known = {name: value for name, value in values.items() if name in self.kind.model_fields}
        return validated(self.kind, known)

    def shown(self) -> dict[str, Any]:
        """What a form or an answer may show, also while the settings are incomplete. Secrets are
        only said to be set, and where they come from."""
        stored, from_environ = self._read(), self._from_environ()
        secrets = secret_names(self.kind)
        shown: dict[str, Any] = {}
        for name, info in self.kind.model_fields.items():
            if name in secrets:
                shown[name] = self._shown_secret(name, stored, from_environ)
            elif name in stored.values:
                shown[name] = stored.values[name]
            elif name in from_environ:
                shown[name] = from_environ[name]
            elif not info.is_required():
                shown[name] = info.get_default(call_default_factory=True, validated_data={})
        return {name: value for name, value in shown.items() if value is not None}

    def version(self) -> int:
        """For the next write's ``expected_version``; 0 before the first."""
        return self._read().version

    def write(self, incoming: Mapping[str, Any], *, expected_version: int | None = None) -> int:
        """Replace the settings; a secret that is left out or sent as its mask stays as it is.

        Returns the new version.

        Raises:
            InvalidInput: a field is missing, unknown or wrong.
            Conflict: someone else wrote since ``expected_version``.
        """
        stored = self._read()
        if expected_version is not None and expected_version != stored.version:
            raise Conflict(say("The settings were changed meanwhile; load them again."))
        values = dict(incoming)
        sealed = {name: stored.sealed[name] for name in self._kept_secrets(values, stored)}
        for name in sealed:
            values[name] = Secret(self.vault.open(self._place(name), sealed[name]))
        self._check(values)
        for name in secret_names(self.kind) & values.keys() - sealed.keys():
            given = values[name]
            sealed[name] = self.vault.seal(self._place(name), _text_of(given))
        plain = {name: value for name, value in values.items() if name not in sealed}
        return self._replace(plain, sealed, stored.version)

    def _check(self, values: Mapping[str, Any]) -> None:
        unknown = sorted(values.keys() - self.kind.model_fields.keys())
        if unknown:
            raise InvalidInput.at(
                f"/{unknown[0]}", say("There is no setting named %(name)s.", name=unknown[0])
            )
        validated(self.kind, {**self._from_environ(), **values})

    def _kept_secrets(self, values: dict[str, Any], stored: Stored) -> list[str]:
        """Secrets that stay; takes their masks out of ``values``."""
        kept = []
        for name in secret_names(self.kind):
            if is_unchanged_secret(values.get(name)):
                values.pop(name, None)
                if name in stored.sealed:
                    kept.append(name)
        return kept

    def _replace(self, plain: Mapping[str, Any], sealed: Mapping[str, str], version: int) -> int:
        row = self.session.execute(
            _WRITE,
            {
                "business": self.business_id,
                "plugin": self.plugin,
                "values": dumps(plain),
                "sealed": dumps(sealed),
                "version": version,
            },
        ).first()
        if row is None:
            raise Conflict(say("The settings were changed meanwhile; load them again."))
        return int(row[0])

    def _shown_secret(
        self, name: str, stored: Stored, from_environ: Mapping[str, str]
    ) -> dict[str, Any]:
        if name in stored.sealed:
            return Secret(self.vault.open(self._place(name), stored.sealed[name])).masked()
        if name in from_environ:
            return {"set": True, "from": environ_names(self.kind)[name]}
        return {"set": False}

    def _read(self) -> Stored:
        row = self.session.execute(
            _READ, {"business": self.business_id, "plugin": self.plugin}
        ).first()
        return Stored() if row is None else Stored(row[0], row[1], row[2])

    def _from_environ(self) -> dict[str, str]:
        return {
            name: self.environ[variable]
            for name, variable in environ_names(self.kind).items()
            if self.environ.get(variable)
        }

    def _place(self, name: str) -> Place:
        return Place(self.business_id, self.plugin, name)


def _text_of(given: Any) -> str:
    return given.reveal() if isinstance(given, Secret) else str(given).strip()


def reseal(session: AnySession, vault: Vault, business_id: int) -> Iterator[str]:
    """Bring a business's secrets under the newest key; yields each plugin it rewrote.

    Restartable: what is under the newest key already is left alone, and a row that is written
    meanwhile is left to the next run.
    """
    for row in session.execute(_SEALED, {"business": business_id}).all():
        sealed = {
            name: vault.resealed(Place(business_id, row.plugin, name), value)
            for name, value in row.sealed.items()
        }
        if sealed == row.sealed:
            continue
        values = {"business": business_id, "plugin": row.plugin, "version": row.version}
        done = session.execute(_RESEAL, {**values, "sealed": dumps(sealed)}).first()
        if done is not None:
            yield row.plugin
