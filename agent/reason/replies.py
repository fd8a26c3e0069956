"""What models may reply, one type a question: bounded, closed, checked here whatever a server promised.

Unions are plain ones: servers that enforce a schema refuse `oneOf`. What a model writes ends up on
terminals and in libraries: control characters are taken out.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, WithJsonSchema

MOST = 60
"""Numbered things that a picture may show."""


def one_line(text: str) -> str:
    """The text without control and formatting characters, on one line."""
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join("".join(kept).split())


def _shown(number: int, info: ValidationInfo) -> int:
    """Refuse a number that no thing in the picture has."""
    options = (info.context or {}).get("options", MOST)
    if not 1 <= number <= options:
        raise ValueError(f"there are things 1 to {options}")
    return number


Mark = Annotated[int, Field(ge=1, le=MOST, json_schema_extra={"mark": True}), AfterValidator(_shown)]
"""The number of a thing in the picture."""

Word = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(one_line)]
Line = Annotated[str, Field(max_length=160), AfterValidator(one_line)]
Text = Annotated[str, Field(max_length=300), AfterValidator(one_line)]


class Reply(BaseModel):
    """A reply; fields that were not asked for are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Probe(Reply):
    """Whether the model sees and answers in the form asked for."""

    color: Literal["red", "green", "blue", "yellow", "none"]
    number: int = Field(ge=0, le=999)


class Scene(Reply):
    """A kind of screen, described once: `promising` things are worth trying, best first."""

    name: Word
    description: Text
    promising: list[Mark] = Field(max_length=6)


class Pick(Reply):
    """Which of the things shown."""

    because: Line
    element: Mark


class ClickThing(Reply):
    """Click one thing."""

    kind: Literal["click"]
    element: Mark


class ClickTwo(Reply):
    """Click one thing, then another: the second completes the first."""

    kind: Literal["click_two"]
    element: Mark
    then: Mark


class DragThing(Reply):
    """Drag one thing onto another."""

    kind: Literal["drag"]
    element: Mark
    onto: Mark


Trial = ClickThing | ClickTwo | DragThing


class Proposal(Reply):
    """What is worth trying next, best first."""

    because: Line
    trials: list[Trial] = Field(max_length=4)


class TextActions(Reply):
    """Actions in a model's own notation, as it wrote them."""

    text: str = Field(max_length=4000)


def _action(kind: str, **fields: Any) -> dict[str, Any]:
    properties = {"type": {"type": "string", "enum": [kind]}, **fields}
    return {"type": "object", "properties": properties}


_PIXEL = {"type": "integer", "minimum": 0, "maximum": 9999}
_PLACE = {"x": _PIXEL, "y": _PIXEL}
_KEYS = {"type": "array", "items": {"type": "string", "maxLength": 16}, "minItems": 1, "maxItems": 4}
_POINT = {"type": "object", "properties": _PLACE}
_ACTION = {
    "anyOf": [
        _action("click", button={"type": "string", "enum": ["left", "right"]}, **_PLACE),
        _action("double_click", **_PLACE),
        _action("drag", path={"type": "array", "items": _POINT, "minItems": 2, "maxItems": 8}),
        _action("keypress", keys=_KEYS),
    ]
}
"""OpenAI's computer actions, for servers that hold a model to a schema. What a model sends in Anthropic's
names is read as well."""


class PointActions(Reply):
    """Actions by coordinates, in OpenAI's or Anthropic's names; read by `actions.read`."""

    because: Line
    actions: list[Annotated[dict[str, Any], WithJsonSchema(_ACTION)]] = Field(max_length=4)


class Named(Reply):
    """A skill's name and what it does."""

    number: Mark
    name: Word
    description: Text


class Names(Reply):
    """Names for the skills shown."""

    skills: list[Named] = Field(max_length=12)


class Judged(Reply):
    """Whether a use did what the skill's description says, and whether it led on."""

    number: Mark
    consistent: bool
    progressive: bool


class Judgements(Reply):
    """A judgement of each use shown."""

    uses: list[Judged] = Field(max_length=12)


class SameThing(Reply):
    """Skills that are one skill, the best example first."""

    numbers: list[Mark] = Field(min_length=2, max_length=8)


class Duplicates(Reply):
    """Groups of skills that mean the same; none is a good answer."""

    groups: list[SameThing] = Field(max_length=12)


class Refined(Reply):
    """What to do with a skill that mostly fails."""

    number: Mark
    verdict: Literal["keep", "retire", "try_after"]
    after: Mark
    """For "try_after": the skill that has to come first; else its own number."""


class Refinements(Reply):
    """What to do with each failing skill shown."""

    skills: list[Refined] = Field(max_length=12)


class Goal(Reply):
    """Something to practise, and the skills that should serve it, most useful first."""

    goal: Line
    skills: list[Mark] = Field(max_length=8)


class Goals(Reply):
    """Goals worth practising."""

    goals: list[Goal] = Field(max_length=4)


class Reached(Reply):
    """Something that was reached between two pictures."""

    goal: Line
    first: int = Field(ge=1, le=8)
    last: int = Field(ge=1, le=8)


class Trajectory(Reply):
    """Whether a goal was reached, and what was reached instead or besides."""

    because: Line
    reached: bool
    instead: list[Reached] = Field(max_length=3)


class Selected(Reply):
    """The paper's selection: which known skill to use now; 0 to explore."""

    because: Line
    skill: int = Field(ge=0, le=MOST)


class Evaluated(Reply):
    """The paper's evaluation of one use."""

    consistent: bool
    progressive: bool


class NameOne(Reply):
    """The paper's naming of a new skill."""

    name: Word
    description: Text
