"""Episodes of a LeRobotDataset v3.0 as demonstrations: frames of a camera, and actions by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from groundup.skills.discovery.lerobot.layout import (
    ACTION,
    CURSOR,
    GUI,
    INFO,
    KEPT,
    NAMES,
    VERSION,
    DatasetUnusable,
)
from groundup.skills.discovery.vpt.actions import BUTTONS, Actions, is_null
from groundup.skills.discovery.vpt.recordings import Recording


@dataclass(frozen=True, slots=True)
class Episode:
    """One demonstration: `length` frames of `video` from `start` seconds on, rows of `data` by its number.

    `names` are those of the action's numbers.
    """

    number: int
    length: int
    data: Path
    video: Path
    start: float
    fps: float
    names: tuple[str, ...]

    def recording(self) -> Recording:
        """What was done at each frame. Raises DatasetUnusable."""
        table = _table(self.data, filters=[("episode_index", "==", self.number)])
        if len(table) != self.length:
            raise DatasetUnusable(
                f"{self.data} has {len(table)} rows of episode {self.number}, which has {self.length} frames."
            )
        given = _matrix(self.data, table, ACTION, len(self.names))
        values = np.zeros((len(table), len(NAMES)))
        for place, name in enumerate(self.names):
            values[:, NAMES.index(name)] = given[:, place]
        actions = Actions(values[:, : len(BUTTONS)] > 0.5, values[:, len(BUTTONS) :])
        nothing = np.zeros(len(table), bool)
        gui = _flags(table, GUI) if GUI in table.column_names else nothing
        skipped = ~_flags(table, KEPT) if KEPT in table.column_names else is_null(actions)
        cursor = np.full((len(table), 2), np.nan)
        if CURSOR in table.column_names:
            cursor[gui] = _matrix(self.data, table, CURSOR, 2)[gui]
        return Recording(actions, skipped, gui, cursor)


def is_dataset(folder: Path) -> bool:
    """Whether a folder claims to be a LeRobotDataset."""
    return (folder / INFO).is_file()


def read_episodes(folder: Path) -> list[Episode]:
    """The episodes of a dataset, in order. Raises DatasetUnusable."""
    info = _info(folder)
    try:
        names = _names(folder, info["features"])
        cameras = [name for name, about in info["features"].items() if about["dtype"] == "video"]
        if not cameras:
            raise DatasetUnusable(f"{folder} has no video: datasets of single pictures cannot be segmented.")
        rows = [
            row
            for path in sorted(folder.glob("meta/episodes/*/*.parquet"))
            for row in _table(path).to_pylist()
        ]
        found = [_episode(folder, info, cameras[0], names, row) for row in rows]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DatasetUnusable(f"{folder} is not laid out as LeRobotDataset {VERSION}: {error!r}.") from error
    if not found:
        raise DatasetUnusable(f"{folder} has no episodes.")
    return sorted(found, key=lambda one: one.number)


def _info(folder: Path) -> dict[str, Any]:
    try:
        info: dict[str, Any] = json.loads((folder / INFO).read_bytes())
        version = info["codebase_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetUnusable(f"{folder / INFO} cannot be read: {error!r}.") from error
    if version != VERSION:
        raise DatasetUnusable(
            f"{folder} is a LeRobotDataset {version}: convert it to {VERSION} with lerobot."
        )
    return info


def _names(folder: Path, features: Mapping[str, Any]) -> tuple[str, ...]:
    if ACTION not in features:
        raise DatasetUnusable(f"{folder} has no actions.")
    names = features[ACTION].get("names")
    if isinstance(names, dict):  # Some write {"motors": [...]}.
        names = next(iter(names.values()), None)
    unknown = [name for name in names or ["without names"] if name not in NAMES]
    if unknown:
        raise DatasetUnusable(
            f"{folder} has the action {unknown[0]!r}: known are a game's buttons and camera, "
            f"{NAMES[0]} to {NAMES[-1]}."
        )
    return tuple(names)


def _episode(
    folder: Path, info: Mapping[str, Any], camera: str, names: tuple[str, ...], row: Mapping[str, Any]
) -> Episode:
    data = info["data_path"].format(
        chunk_index=int(row["data/chunk_index"]), file_index=int(row["data/file_index"])
    )
    video = info["video_path"].format(
        video_key=camera,
        chunk_index=int(row[f"videos/{camera}/chunk_index"]),
        file_index=int(row[f"videos/{camera}/file_index"]),
    )
    start = float(row[f"videos/{camera}/from_timestamp"])
    number, length = int(row["episode_index"]), int(row["length"])
    return Episode(
        number, length, _inside(folder, data), _inside(folder, video), start, float(info["fps"]), names
    )


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DatasetUnusable(f"{folder} names a file outside of itself ({name}): it is not read.")
    return path


def _table(path: Path, **options: Any) -> pyarrow.Table:
    try:
        return parquet.read_table(path, **options)
    except (OSError, pyarrow.ArrowException) as error:
        raise DatasetUnusable(f"{path} cannot be read: {str(error).splitlines()[0][:120]}.") from error


def _matrix(path: Path, table: pyarrow.Table, name: str, width: int) -> NDArray[np.float64]:
    try:
        values = np.asarray(table[name].to_pylist(), np.float64).reshape(len(table), width)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetUnusable(f"{path} has a column {name} that is not {width} numbers a frame.") from error
    if not np.isfinite(values).all():
        raise DatasetUnusable(f"{path} has numbers in {name} that are not finite.")
    return values


def _flags(table: pyarrow.Table, name: str) -> NDArray[np.bool_]:
    return np.asarray(table[name].to_pylist(), bool).reshape(len(table))
