"""The tree of errors that a user may see.

    GroundupError                something failed (exit code 1)
      UsageError                 the command was given something wrong (exit code 2)
        UnknownGame
        LibraryUnusable          not a database, newer, read-only, locked, on a full disk
        BundleInvalid            a file of skills is none, or would write elsewhere (memory/bundles.py)
        MissingPart              a package or a model file is not installed
      ActionRefused              a game does not take this kind of action
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
