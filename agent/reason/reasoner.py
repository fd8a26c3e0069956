"""The seam: a question with its pictures and the type of its reply, and whatever answers it.

A reasoner knows no game and no library; it takes a question and gives a reply of the type that was
asked for, checked, or raises `NoAnswer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from groundup.agent.reason.pictures import Picture
from groundup.agent.reason.profiles import Profile
from groundup.agent.reason.replies import Reply
from groundup.agent.reason.usage import NOTHING, Usage

May = Callable[[Usage], bool]
"""Says whether a question that has taken so much may send one more request."""


def always(_: Usage) -> bool:
    """As many requests as it takes."""
    return True


R = TypeVar("R", bound=Reply)
R_co = TypeVar("R_co", bound=Reply, covariant=True)


@dataclass(frozen=True, slots=True)
class Question(Generic[R_co]):
    """One question: `kind` names its prompt, `reply` is the type of what comes back.

    `options` is how many numbered things a reply may name (0: none); `free` asks for the model's own text
    actions instead of JSON. `may` is asked before each request, and `seconds` is how long an answer is of use
    (None: as long as the backend waits); what runs here sends one request and takes the time it takes.
    """

    kind: str
    reply: type[R_co]
    system: str
    text: str
    pictures: tuple[Picture, ...] = ()
    options: int = 0
    free: bool = False
    may: May = always
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """A checked reply, and what it took; `how` says by what means it was made to fit its type."""

    reply: R
    usage: Usage = NOTHING
    how: str = ""


Stop = Callable[[], bool]
"""Says whether the run is to stop: a question in flight is then given up."""


def never() -> bool:
    """Nothing stops the run."""
    return False


class Reasoner(Protocol):
    """Answers questions. `model` is its name for people and prices, `profile` how it wants to be asked.

    `stop` is looked at while a question is out.
    """

    model: str
    profile: Profile
    stop: Stop

    def ask(self, question: Question[R]) -> Answer[R]:
        """The answer; raises `NoAnswer`."""
        ...

    def close(self) -> None:
        """Release what it holds; may be called twice."""
        ...
