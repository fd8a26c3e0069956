"""The tree of errors that a user may see.

    GroundupError                something failed (exit code 1)
      UsageError                 the command was given something wrong (exit code 2)
        UnknownGame
        LibraryUnusable          not a database, newer, read-only, locked, on a full disk
        BundleInvalid            a file of skills is none, or would write elsewhere (memory/bundles.py)
        MissingPart              a package or a model file is not installed
      ActionRefused              a game does not take this kind of action
        Withheld                 the guard of a real window held an action back: it counts as dead
      GameEnded                  the game closed itself; it can be reset
      Stopped                    the stop key, the failsafe corner or SIGINT ended the run
      SkillInvalid               what should be a skill is none (skills/types.py)
      UnreadableWeights          a model file cannot be converted (perception/models_weights.py)

Each message is one sentence that says what is wrong and what to do next.
"""

from __future__ import annotations


class GroundupError(Exception):
    """Something failed; the message is one sentence a user can act on."""

    exit_code = 1


class UsageError(GroundupError):
    """The user asked for something that cannot be."""

    exit_code = 2


class UnknownGame(UsageError):
    """No game of that name is installed, or its factory cannot be imported."""


class LibraryUnusable(UsageError):
    """The skill library cannot be opened or written."""


class MissingPart(UsageError):
    """A package or model file is missing; the message names the command that brings it."""


class ActionRefused(GroundupError):
    """The game does not take this kind of action."""


class Withheld(ActionRefused):
    """An action was held back from a real window: forbidden, or not confirmed. It did nothing."""


class GameEnded(GroundupError):
    """The game closed itself in mid-run; `Env.reset` opens it anew."""


class Stopped(GroundupError):
    """A person ended the run; everything that was held down has been released."""
