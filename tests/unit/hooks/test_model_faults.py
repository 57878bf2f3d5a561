"""Each fault that pydantic finds has a sentence of ours, which can be translated."""

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, field_validator

from invoicer_core.domain.saying import Said, say
from invoicer_core.hooks.model_faults import fault_words


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=2, max_length=5, pattern="^[a-z]+$")] = "anna"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    on: bool = True
    day: date = date(2026, 1, 1)
    site: HttpUrl | None = None
    kind: Literal["one", "two", "three"] = "one"
    names: Annotated[list[str], Field(max_length=2)] = []
    rule: str = "fine"

    @field_validator("rule")
    @classmethod
    def _ruled(cls, value: str) -> str:
        if value != "fine":
            raise ValueError(say("Only %(wanted)s will do.", wanted="fine"))
        return value


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "a", "This needs at least 2 characters."),
        ("name", "annabella", "This may have at most 5 characters."),
        ("name", "ANNA", "This does not have the form that is wanted."),
        ("name", 7, "This must be a text."),
        ("count", 0, "This must be at least 1."),
        ("count", 10, "This must be at most 9."),
        ("count", "x", "This must be a whole number."),
        ("share", 0, "This must be more than 0."),
        ("share", 1, "This must be less than 1."),
        ("on", "perhaps", "This must be true or false."),
        ("day", "31.3.", "This must be a day, such as 2026-03-31."),
        ("site", "nowhere", "This must be a web address, such as https://example.com."),
        ("kind", "four", "This must be one of one, two, three."),
        ("names", ["a", "b", "c"], "This may have at most 2 entries."),
        ("names", 1, "This must be a list."),
        ("rule", "bent", "Only fine will do."),
        ("other", 1, "There is no such field."),
    ],
)
def test_a_fault_is_said_in_our_words(field: str, value: Any, words: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        _Form.model_validate({field: value})
    [fault] = wrong.value.errors()
    found = fault_words(fault)
    assert found.replace("0.0", "0").replace("1.0", "1") == words
    assert isinstance(found, Said)


def test_what_nobody_foresaw_keeps_its_words() -> None:
    assert fault_words({"type": "odd", "msg": "Odd it is"}) == "Odd it is"
