"""Why a question was not answered.

    NoAnswer             this question has no answer; play goes on with rules
      Unavailable        the model cannot be reached, or refuses
        Refused          and will go on refusing: a wrong key, an unknown model, no vision
        TooLarge         a picture is larger than it takes
      Invalid            it answered, but not with what was asked for
      Spent              the budget is used up
      Cancelled          the run is to stop

Each message is one sentence that says what is wrong and what to do next. No message holds a key.
"""

from __future__ import annotations

from groundup.agent.reason.usage import NOTHING, Usage
from groundup.envs.errors import GroundupError


class NoAnswer(GroundupError):
    """A question has no answer; `usage` is what asking it cost all the same."""

    def __init__(self, message: str, usage: Usage = NOTHING) -> None:
        super().__init__(message)
        self.usage = usage


class Unavailable(NoAnswer):
    """The model cannot be reached."""


class Refused(Unavailable):
    """The model will not answer whatever is asked, until something is changed."""


class TooLarge(Unavailable):
    """A picture is larger than the model takes."""


class Invalid(NoAnswer):
    """The reply is not what was asked for."""


class Spent(NoAnswer):
    """The budget is used up."""


class Cancelled(NoAnswer):
    """The run is to stop; the question was given up."""
