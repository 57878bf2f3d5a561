"""A plugin's settings: one class gives form, validation, JSON Schema and masking."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, core_schema

from invoicer_core.domain.errors import FieldError, InvalidInput
from invoicer_core.domain.saying import say
from invoicer_core.hooks.model_faults import fault_words

MAX_SECRET: Final = 10_000


class Secret:
    """A text that is never shown: not in a repr, a log, an answer, or a stored dump.

    Only ``reveal()`` gives it out, at the call that needs it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself. Hand it to the client library and keep no copy."""
        return self._text

    @property
    def last4(self) -> str | None:
        """The last four characters of a long secret, so that its owner can tell which it is."""
        return self._text[-4:] if len(self._text) >= 16 else None

    def __repr__(self) -> str:
        return "Secret(set)" if self._text else "Secret(empty)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a secret is not pickled: it would leave the process in the clear")

    def masked(self) -> dict[str, Any]:
        """What an answer shows of it: ``{"set": true, "last4": "1234"}``."""
        shown: dict[str, Any] = {"set": bool(self._text)}
        if self.last4 is not None:
            shown["last4"] = self.last4
        return shown

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        made = core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(strip_whitespace=True, max_length=MAX_SECRET)
        )
        return core_schema.json_or_python_schema(
            json_schema=made,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), made]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls.masked, return_schema=core_schema.dict_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "format": "password", "writeOnly": True, "maxLength": MAX_SECRET}


class Settings(BaseModel):
    """Base of a plugin's settings. Unknown names are refused, values are frozen.

    Declare fields with :func:`field`; the type, title and description make the form.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )


def field(
    default: Any = PydanticUndefined,
    *,
    title: str,
    description: str | None = None,
    env: str | None = None,
    placeholder: str | None = None,
    multiline: bool = False,
    **rules: Any,
) -> Any:
    """One setting.

    Args:
        default: without one the plugin cannot run before it is set.
        title: the label of its input.
        description: the help text below it.
        env: an environment variable that holds it for one-business installs; a business's own
            value wins.
        placeholder: shown in the empty input.
        multiline: a text area.
        rules: what ``pydantic.Field`` understands: ``min_length``, ``pattern``, ``ge``, ``le`` ...
    """
    extra = {"env": env, "placeholder": placeholder, "multiline": multiline or None}
    kept: dict[str, Any] = {key: value for key, value in extra.items() if value is not None}
    return Field(
        default, title=title, description=description, json_schema_extra=kept or None, **rules
    )


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of a generated settings form."""

    name: str
    title: str
    kind: Literal["text", "secret", "number", "boolean", "choice", "multiline"]
    required: bool
    description: str | None = None
    env: str | None = None
    placeholder: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None


def secret_names(settings: type[Settings]) -> frozenset[str]:
    """The fields that are sealed before they are stored."""
    return frozenset(
        name for name, info in settings.model_fields.items() if Secret in _types_of(info)
    )


def environ_names(settings: type[Settings]) -> dict[str, str]:
    """Field name to environment variable, of those that declare one."""
    found = {name: _extra(info).get("env") for name, info in settings.model_fields.items()}
    return {name: env for name, env in found.items() if env is not None}


def form_fields(settings: type[Settings]) -> tuple[FormField, ...]:
    """The inputs of a settings form, in the order of declaration."""
    return tuple(_form_field(name, info) for name, info in settings.model_fields.items())


def _form_field(name: str, info: FieldInfo) -> FormField:
    extra = _extra(info)
    shown = None if info.is_required() or Secret in _types_of(info) else info.default
    return FormField(
        name=name,
        title=info.title or name,
        kind=_kind(info, extra),
        required=info.is_required(),
        description=info.description,
        env=extra.get("env"),
        placeholder=extra.get("placeholder"),
        choices=_choices(info),
        default=shown,
    )


def _kind(
    info: FieldInfo, extra: Mapping[str, Any]
) -> Literal["text", "secret", "number", "boolean", "choice", "multiline"]:
    types = _types_of(info)
    if Secret in types:
        return "secret"
    if bool in types:
        return "boolean"
    if _choices(info):
        return "choice"
    if any(isinstance(kind, type) and issubclass(kind, int) for kind in types):
        return "number"
    return "multiline" if extra.get("multiline") else "text"


def _choices(info: FieldInfo) -> tuple[str, ...]:
    for kind in (info.annotation, *get_args(info.annotation)):
        if getattr(kind, "__origin__", None) is Literal:
            return tuple(str(choice) for choice in get_args(kind))
    return ()


def _types_of(info: FieldInfo) -> tuple[Any, ...]:
    return (info.annotation, *get_args(info.annotation))


def _extra(info: FieldInfo) -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def validated(settings: type[Settings], values: Mapping[str, Any]) -> Settings:
    """The settings of plain values.

    Raises:
        InvalidInput: names each field that is missing, unknown or wrong; shows no value.
    """
    try:
        return settings.model_validate(dict(values))
    except ValidationError as wrong:
        fields = [
            FieldError("/" + "/".join(str(part) for part in error["loc"]), fault_words(error))
            for error in wrong.errors(include_url=False, include_input=False)
        ]
        names = ", ".join(error.pointer.lstrip("/") for error in fields)
        raise InvalidInput(
            say("The settings are not complete or not valid: %(names)s.", names=names), fields
        ) from None


def masked(settings: Settings) -> dict[str, Any]:
    """The settings as an answer may show them: secrets as ``{"set": true}``."""
    return settings.model_dump(mode="json")


def is_unchanged_secret(value: Any) -> bool:
    """True for what a client sends back for a secret that it does not want to change: nothing,
    or the mask it was shown."""
    return value is None or value == "" or (isinstance(value, Mapping) and "set" in value)
