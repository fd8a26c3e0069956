"""What `groundup skills merge` does: several libraries into one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from groundup.skills.library import Library


def merge_libraries(sources: Sequence[str], target: str) -> dict[str, Any]:
    """Take over `sources` into `target`, which is made when there is none; returns what was done."""
    with ExitStack() as stack:
        others = [stack.enter_context(Library.open(s, create=False, readonly=True)) for s in sources]
        mine = stack.enter_context(Library.open(target))
        report = mine.merge(others)
        return {
            "added": report.added,
            "merged": report.merged,
            "documents": report.documents,
            "total": len(mine),
            "library": mine.store.name,
        }
