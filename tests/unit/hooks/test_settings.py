"""Settings and secrets: one declaration, nothing shown that must not be."""

import copy
import pickle
from typing import Literal

import pytest

from invoicer_core.domain.errors import InvalidInput
from invoicer_core.hooks.codec import dumps
from invoicer_core.hooks.settings import (
    FormField,
    Secret,
    Settings,
    environ_names,
    field,
    form_fields,
    is_unchanged_secret,
    masked,
    secret_names,
    validated,
)

CANARY = "canary-0123456789-wxyz"


class Sample(Settings):
    """Every kind of input."""

    account: str = field(title="Account", env="SAMPLE_ACCOUNT", min_length=2)
    token: Secret = field(title="Token", description="From the console.")
    spare: Secret | None = field(None, title="Spare token")
    mode: Literal["test", "live"] = field("test", title="Mode")
    retries: int = field(3, title="Retries", ge=0, le=9)
    loud: bool = field(False, title="Loud")
    footer: str = field("", title="Footer", multiline=True, placeholder="Thanks")


def sample(**more):
    return validated(Sample, {"account": "AC", "token": CANARY, **more})


def test_a_secret_is_in_no_text_of_the_settings():
    settings = sample()
    texts = [
        repr(settings), str(settings), f"{settings.token}", f"{settings.token:>40}",
        settings.model_dump_json(), str(settings.model_dump()), dumps(masked(settings)),
        repr([settings.token]), repr(copy.copy(settings)),
    ]  # fmt: skip
    assert [text for text in texts if CANARY in text or "canary" in text] == []
    assert settings.token.reveal() == CANARY
    with pytest.raises(TypeError):
        pickle.dumps(settings.token)


def test_a_secret_is_shown_as_set_with_its_last_characters():
    assert masked(sample())["token"] == {"set": True, "last4": "wxyz"}
    assert masked(sample(token="short"))["token"] == {"set": True}
    assert masked(sample())["spare"] is None


def test_the_schema_marks_secrets_write_only():
    properties = Sample.model_json_schema()["properties"]
    assert properties["token"] == {
        "type": "string",
        "format": "password",
        "writeOnly": True,
        "maxLength": 10_000,
        "title": "Token",
        "description": "From the console.",
    }


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"account": "A"}, "/account"),
        ({"retries": 10}, "/retries"),
        ({"mode": "other"}, "/mode"),
        ({"unknown": 1}, "/unknown"),
        ({"token": 7}, "/token"),
        ({"token": "x" * 10_001}, "/token"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_never_repeated(more, pointer):
    with pytest.raises(InvalidInput) as caught:
        sample(**more)
    assert any(error.pointer.startswith(pointer) for error in caught.value.fields)
    assert CANARY not in str(caught.value.fields) + caught.value.detail


def test_settings_do_not_change_in_use():
    with pytest.raises(ValueError, match="frozen"):
        sample().retries = 4


def test_the_form_follows_the_declaration():
    assert form_fields(Sample) == (
        FormField("account", "Account", "text", required=True, env="SAMPLE_ACCOUNT"),
        FormField("token", "Token", "secret", required=True, description="From the console."),
        FormField("spare", "Spare token", "secret", required=False),
        FormField("mode", "Mode", "choice", False, choices=("test", "live"), default="test"),
        FormField("retries", "Retries", "number", required=False, default=3),
        FormField("loud", "Loud", "boolean", required=False, default=False),
        FormField("footer", "Footer", "multiline", False, placeholder="Thanks", default=""),
    )
    assert secret_names(Sample) == {"token", "spare"}
    assert environ_names(Sample) == {"account": "SAMPLE_ACCOUNT"}


@pytest.mark.parametrize(
    ("sent", "unchanged"),
    [(None, True), ("", True), ({"set": True, "last4": "wxyz"}, True), ("new", False)],
)
def test_the_mask_sent_back_means_unchanged(sent, unchanged):
    assert is_unchanged_secret(sent) is unchanged
