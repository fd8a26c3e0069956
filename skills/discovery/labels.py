"""True switches of demonstrations: for supervised training, calibration and benches, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from groundup.memory.whole import write_whole
from groundup.skills.discovery.demonstrations import BadDemonstrations


@dataclass(frozen=True, slots=True)
class Labels:
    """`switches`: the steps at which another skill began, without 0; `skills`: names, one more of them."""

    switches: Sequence[int]
    skills: Sequence[str]
    noise: float


def path_of(demonstration: Path) -> Path:
    """Where the labels of the demonstration at a path lie."""
    split = demonstration.parent
    return split.parent / "labels" / split.name / f"{demonstration.stem}.json"


def read_labels(demonstration: Path) -> Labels:
    """The labels of the demonstration at a path; raises `BadDemonstrations`."""
    path = path_of(demonstration)
    try:
        return Labels(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BadDemonstrations(
            f"{path} holds no labels ({error}): a bench and supervision need them."
        ) from error


def write_labels(demonstration: Path, labels: Labels) -> None:
    """Write labels, whole or not at all."""
    write_whole(path_of(demonstration), json.dumps(asdict(labels)).encode())
