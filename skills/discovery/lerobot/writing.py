"""A cut video as a LeRobotDataset v3.0: each segment an episode.

The folder appears when it is whole, and not at all where something fails.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from groundup.envs.errors import GroundupError, UsageError
from groundup.perception.clips import Clip
from groundup.skills.discovery.lerobot import layout
from groundup.skills.discovery.lerobot.stats import Colours, flattened, merged, statistics
from groundup.skills.discovery.segmenting import Cut
from groundup.skills.discovery.vpt.demonstrations import Demonstration
from groundup.skills.discovery.vpt.recordings import Recording

Row = dict[str, Any]


def write_dataset(cut: Cut, folder: Path) -> None:
    """Write the segments of a video. Raises UsageError where the folder is there, GroundupError on a full
    disk."""
    if folder.exists():
        raise UsageError(f"{folder} is there already: give a folder that is not.")
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    try:
        _write(cut, part)
        part.replace(folder)
    except OSError as error:
        raise GroundupError(
            f"{folder} cannot be written ({error.strerror or error}): make room, or choose another."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(cut: Cut, folder: Path) -> None:
    fps = max(round(cut.fps), 1)
    demonstration = cut.demonstration
    if not isinstance(demonstration, Demonstration):  # the format's actions are a video's buttons and camera
        raise UsageError(f"{cut.job.video} is no video: only those become datasets.")
    pieces, recording = cut.boundaries, demonstration.recording
    if not pieces:
        raise UsageError(f"{cut.job.video} has no segments, since nothing is done in it: no dataset is made.")
    tasks = [f"{cut.job.video.stem}: a skill that ends by {segment.cause}" for segment in cut.segments]
    known = list(dict.fromkeys(tasks))
    columns = _columns(recording, pieces, [known.index(task) for task in tasks], fps)
    videos, shape = _videos(cut, folder, pieces, fps)
    rows: list[Row] = []
    every: list[dict[str, Row]] = []
    begin = 0
    for number, ((first, last), where) in enumerate(zip(pieces, videos, strict=True)):
        length = last - first + 1
        colours = where.pop("colours")
        stats = {name: statistics(values[begin : begin + length]) for name, values in columns.items()}
        every.append(stats | {layout.CAMERA: colours})
        place = {"data/chunk_index": 0, "data/file_index": 0, "dataset_from_index": begin}
        rows.append(
            {"episode_index": number, "tasks": [tasks[number]], "length": length, **place}
            | {"dataset_to_index": begin + length}
            | where
            | {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}
            | flattened(every[-1])
        )
        begin += length
    _parquet(folder / layout.DATA.format(chunk_index=0, file_index=0), _table(columns))
    _parquet(folder / layout.EPISODES.format(chunk_index=0, file_index=0), pyarrow.Table.from_pylist(rows))
    _parquet(folder / layout.TASKS, _tasks(known))
    _json(folder / layout.STATS, merged(every))
    _json(folder / layout.INFO, _info(len(rows), begin, len(known), fps, shape))


def _columns(
    recording: Recording, pieces: Sequence[tuple[int, int]], tasks: Sequence[int], fps: int
) -> dict[str, NDArray[Any]]:
    """A row a frame, in the order of the features."""
    frames = np.concatenate([np.arange(first, last + 1) for first, last in pieces])
    within = np.concatenate([np.arange(last - first + 1) for first, last in pieces])
    episode = np.repeat(np.arange(len(pieces)), [last - first + 1 for first, last in pieces])
    actions = recording.actions[frames]
    return {
        layout.ACTION: np.concatenate([actions.buttons, actions.camera], axis=1).astype(np.float32),
        layout.GUI: recording.gui[frames],
        layout.KEPT: ~recording.skipped[frames],
        layout.CURSOR: np.nan_to_num(recording.cursor[frames], nan=-1.0).astype(np.float32),
        "timestamp": (within / fps).astype(np.float32),
        "frame_index": within,
        "episode_index": episode,
        "index": np.arange(len(frames)),
        "task_index": np.asarray(tasks, np.int64)[episode],
    }


def _videos(
    cut: Cut, folder: Path, pieces: Sequence[tuple[int, int]], fps: int
) -> tuple[list[Row], tuple[int, int]]:
    """Of each piece where its frames lie, with their colours; and the frames' height and width."""
    found: list[Row] = []
    frames = cut.demonstration.pictures()
    file, clip, begun, shape = 0, None, 0, (0, 0)
    for first, last in pieces:
        chunk_index, file_index = divmod(file, layout.CHUNK)
        path = folder / layout.VIDEO.format(
            video_key=layout.CAMERA, chunk_index=chunk_index, file_index=file_index
        )
        if clip is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Any frame is reached by decoding two, which is what the format's library asks of its own videos.
            clip, begun = Clip(path, fps, between_keys=2), first
        colours = Colours()
        for _ in range(first, last + 1):
            pixels = next(frames)
            shape = clip.add(pixels)
            colours.add(pixels)
        where = f"videos/{layout.CAMERA}"
        found.append(
            {f"{where}/chunk_index": chunk_index, f"{where}/file_index": file_index}
            | {
                f"{where}/from_timestamp": (first - begun) / fps,
                f"{where}/to_timestamp": (last + 1 - begun) / fps,
            }
            | {"colours": colours.statistics()}
        )
        if clip.megabytes > layout.VIDEO_MB or last == pieces[-1][1]:
            clip.close()
            file, clip = file + 1, None
    return found, shape


def _info(episodes: int, frames: int, tasks: int, fps: int, shape: tuple[int, int]) -> Row:
    height, width = shape
    about = {
        "video.height": height, "video.width": width, "video.channels": 3, "video.codec": "h264",
        "video.pix_fmt": "yuv420p", "video.fps": fps, "is_depth_map": False, "has_audio": False,
    }  # fmt: skip
    single = {"shape": [1], "names": None}
    features: dict[str, Row] = {
        layout.CAMERA: {
            "dtype": "video", "shape": [height, width, 3], "names": ["height", "width", "channels"],
            "info": about,
        },
        layout.ACTION: {"dtype": "float32", "shape": [len(layout.NAMES)], "names": list(layout.NAMES)},
        layout.GUI: {"dtype": "bool", **single},
        layout.KEPT: {"dtype": "bool", **single},
        layout.CURSOR: {"dtype": "float32", "shape": [2], "names": ["x", "y"]},
        "timestamp": {"dtype": "float32", **single},
        **{name: {"dtype": "int64", **single} for name in layout.COUNTERS},
    }  # fmt: skip
    return {
        "codebase_version": layout.VERSION, "robot_type": None, "fps": fps,
        "total_episodes": episodes, "total_frames": frames, "total_tasks": tasks,
        "chunks_size": layout.CHUNK, "data_files_size_in_mb": layout.DATA_MB,
        "video_files_size_in_mb": layout.VIDEO_MB, "splits": {"train": f"0:{episodes}"},
        "data_path": layout.DATA, "video_path": layout.VIDEO, "features": features,
    }  # fmt: skip


def _table(columns: dict[str, NDArray[Any]]) -> pyarrow.Table:
    arrays = {}
    for name, values in columns.items():
        flat = pyarrow.array(values.ravel())
        arrays[name] = (
            pyarrow.FixedSizeListArray.from_arrays(flat, values.shape[1]) if values.ndim > 1 else flat
        )
    return pyarrow.table(arrays)


def _tasks(known: Sequence[str]) -> pyarrow.Table:
    """The format's library reads this with pandas, and takes the words from the data frame's index."""
    table = pyarrow.table({"task_index": np.arange(len(known)), "task": list(known)})
    about = [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy, "metadata": None}
        for name, kind, numpy in (("task_index", "int64", "int64"), ("task", "unicode", "object"))
    ]
    index = [
        {"name": None, "field_name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    ]
    described = {
        "index_columns": ["task"],
        "column_indexes": index,
        "columns": about,
        "pandas_version": "2.2.0",
    }
    return table.replace_schema_metadata({"pandas": json.dumps(described)})


def _parquet(path: Path, table: pyarrow.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, compression="snappy")


def _json(path: Path, document: Row) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=4, ensure_ascii=False))
