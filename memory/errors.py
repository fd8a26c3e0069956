"""The errors that whoever reads a library meets, for those who may import nothing below memory."""

from groundup.envs.errors import GroundupError, LibraryUnusable, UsageError

__all__ = ["GroundupError", "LibraryUnusable", "UsageError"]
