"""A cut video as a LeRobotDataset v3.0, read again; datasets that are none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest

from groundup.envs.errors import GroundupError, UsageError
from groundup.perception import video
from groundup.skills.discovery.jobs import Job
from groundup.skills.discovery.lerobot.layout import CAMERA, NAMES, DatasetUnusable
from groundup.skills.discovery.lerobot.reading import is_dataset, read_episodes
from groundup.skills.discovery.lerobot.writing import write_dataset
from groundup.skills.discovery.segmenting import Cut, segment_video


@pytest.fixture(scope="module")
def cut(data: Path) -> Cut:
    golden = data / "vpt-golden"
    return segment_video(
        Job(golden / "clip.mp4", golden / "policy.model", actions=golden / "clip.jsonl", gap=3.955)
    )


@pytest.fixture(scope="module")
def dataset(cut: Cut, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lerobot") / "clip"
    write_dataset(cut, folder)
    return folder


def test_each_segment_is_an_episode_with_its_frames_and_actions(cut: Cut, dataset: Path) -> None:
    episodes = read_episodes(dataset)
    recording = cut.demonstration.recording
    original = list(video.frames(cut.job.video))
    assert [one.length for one in episodes] == [last - first + 1 for first, last in cut.boundaries]
    for one, (first, last) in zip(episodes, cut.boundaries, strict=True):
        part = slice(first, last + 1)
        ours = one.recording()
        assert np.array_equal(ours.actions.buttons, recording.actions.buttons[part])
        assert np.allclose(ours.actions.camera, recording.actions.camera[part], atol=1e-5)
        assert np.array_equal(ours.skipped, recording.skipped[part])
        assert np.array_equal(ours.gui, recording.gui[part])
        assert np.allclose(ours.cursor[ours.gui], recording.cursor[part][ours.gui], atol=1e-3)
        frames = list(video.piece(one.video, one.start, one.length))
        near = [np.abs(a.astype(int) - b).mean() for a, b in zip(frames, original[part], strict=True)]
        assert max(near) < 3
        if last + 1 < len(original):
            assert np.abs(frames[-1].astype(int) - original[last + 1]).mean() > near[-1]


def test_the_layout_is_the_formats(cut: Cut, dataset: Path) -> None:
    """Names, types and shapes as lerobot's own writer leaves them (its `datasets/` modules, version 0.6)."""
    info = json.loads((dataset / "meta/info.json").read_text())
    assert info["codebase_version"] == "v3.0"
    assert set(info) == {
        *(
            "codebase_version",
            "fps",
            "features",
            "total_episodes",
            "total_frames",
            "total_tasks",
            "chunks_size",
        ),
        *(
            "data_files_size_in_mb",
            "video_files_size_in_mb",
            "data_path",
            "video_path",
            "robot_type",
            "splits",
        ),
    }
    assert info["data_path"] == "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
    assert info["video_path"] == "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
    rows = parquet.read_table(dataset / "data/chunk-000/file-000.parquet")
    kinds = {name: str(rows.schema.field(name).type) for name in rows.column_names}
    for name, about in info["features"].items():
        if about["dtype"] == "video":
            assert name not in kinds
        elif about["shape"] == [1]:
            assert kinds[name] == {"float32": "float"}.get(about["dtype"], about["dtype"])
        else:
            assert kinds[name].startswith("fixed_size_list<")
            assert kinds[name].endswith(f"[{about['shape'][0]}]")
    assert info["total_frames"] == rows.num_rows == sum(last - first + 1 for first, last in cut.boundaries)
    assert rows["index"].to_pylist() == list(range(rows.num_rows))
    episodes = parquet.read_table(dataset / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert {
        *("episode_index", "tasks", "length", "dataset_from_index", "dataset_to_index"),
        *("data/chunk_index", "data/file_index", "meta/episodes/chunk_index", "meta/episodes/file_index"),
        *(
            f"videos/{CAMERA}/{name}"
            for name in ("chunk_index", "file_index", "from_timestamp", "to_timestamp")
        ),
        *(f"stats/action/{name}" for name in ("min", "max", "mean", "std", "count", "q01", "q99")),
    } <= set(episodes[0])
    assert [row["dataset_from_index"] for row in episodes[1:]] == [
        row["dataset_to_index"] for row in episodes[:-1]
    ]
    tasks = parquet.read_table(dataset / "meta/tasks.parquet")
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["task"]
    assert info["total_tasks"] == tasks.num_rows
    stats = json.loads((dataset / "meta/stats.json").read_text())
    actions = np.array(rows["action"].to_pylist())
    assert np.allclose(stats["action"]["mean"], actions.mean(0), atol=1e-6)
    assert np.allclose(stats["action"]["std"], actions.std(0), atol=1e-6)
    assert np.shape(stats[CAMERA]["mean"]) == (3, 1, 1)


def test_a_dataset_is_not_written_over_another_nor_half(cut: Cut, dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        write_dataset(cut, dataset)
    (tmp_path / "file").touch()
    with pytest.raises(GroundupError, match="cannot be written"):
        write_dataset(cut, tmp_path / "file" / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def _changed(folder: Path, change: Any) -> Path:
    info = json.loads((folder / "meta/info.json").read_text())
    change(info)
    (folder / "meta/info.json").write_text(json.dumps(info))
    return folder


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda info: info.update(codebase_version="v2.1"), "is a LeRobotDataset v2.1: convert it"),
        (lambda info: info["features"].pop("action"), "has no actions"),
        (lambda info: info["features"]["action"].update(names=["shoulder", *NAMES[1:]]), "action 'shoulder'"),
        (lambda info: info["features"]["action"].update(names=None), "without names"),
        (lambda info: info["features"].pop(CAMERA), "has no video"),
        (lambda info: info.pop("fps"), "not laid out"),
        (lambda info: info.update(data_path="../../{chunk_index}{file_index}.parquet"), "outside of itself"),
        (lambda info: info.update(video_path="/etc/passwd"), "outside of itself"),
        (lambda info: info.update(data_path="{chunk_index.__class__.nothing}"), "not laid out"),
    ],
)
def test_a_dataset_that_cannot_be_segmented(dataset: Path, tmp_path: Path, change: Any, words: str) -> None:
    folder = _changed(Path(shutil.copytree(dataset, tmp_path / "set")), change)
    assert is_dataset(folder)
    with pytest.raises(DatasetUnusable, match=words):
        read_episodes(folder)


def test_a_damaged_dataset(dataset: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(dataset, tmp_path / "set"))
    episode = read_episodes(folder)[0]
    episode.data.write_bytes(episode.data.read_bytes()[:500])
    with pytest.raises(DatasetUnusable, match="cannot be read"):
        episode.recording()
    (folder / "meta/info.json").write_text("{")
    with pytest.raises(DatasetUnusable, match=r"info\.json cannot be read"):
        read_episodes(folder)
