"""Segments of a video as skills: names, actions, key frames, vectors; the same twice is the same."""

from __future__ import annotations

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from groundup.envs.errors import UsageError
from groundup.memory.edits import apply_edit
from groundup.memory.frames import load_frame
from groundup.perception.embedding import FrameEmbedder
from groundup.perception.text import TextReader
from groundup.skills.discovery.jobs import Job
from groundup.skills.discovery.seeding import SIGHT_SPACE, Seeder
from groundup.skills.library import Library

RECORD = {
    "boundaries": [[0, 3], [4, 7], [8, 11]],
    "causes": ["event", "loss", "end"],
    "fps": 20.0,
}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Twelve frames: a plain one, one with words at its end, a plain one; walking, turning, nothing."""
    path = tmp_path / "walk.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=20, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index in range(12):
            pixels = np.full((180, 320, 3), (40, 60 + 40 * (index // 4), 70), np.uint8)
            if 4 <= index < 8:
                cv2.putText(pixels, "Furnace", (60, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (255, 255, 255), 3)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    actions = [{"buttons": ["forward", "attack"]}] * 4 + [{"camera": [0, 5]}] * 4 + [{}] * 4
    (tmp_path / "walk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in actions))
    (tmp_path / "events.jsonl").write_text(json.dumps({"frame": 3, "event": "craft torch"}) + "\n")
    return Job(path, tmp_path / "no.model", actions=tmp_path / "walk.jsonl", events=tmp_path / "events.jsonl")


@pytest.fixture(scope="module")
def parts() -> tuple[FrameEmbedder, TextReader]:
    return FrameEmbedder(), TextReader()


def test_each_segment_becomes_a_skill(
    job: Job, parts: tuple[FrameEmbedder, TextReader], tmp_path: Path
) -> None:
    record = RECORD | {"boundaries": [[0, 3], [4, 7], [28, 31]]}
    with Library.open(tmp_path / "library.db") as library:
        seeder = Seeder(library, *parts)
        assert len(seeder.seed(job, record)) == 2  # the third lies behind the video's end
        first, second, third = skills = seeder.seed(job, RECORD)
        assert [skill.name for skill in skills] == ["craft torch", "Furnace", "wait and see"]
        assert {skill.provenance for skill in skills} == {"demonstration"}
        assert first.steps[0].keys == ("attack + forward x4",)
        assert second.steps[0].keys == ("turn right x4",)
        assert third.steps[0].keys == ("nothing x4",)
        assert "walk.mp4, frames 0 to 3 (0.2 s), ended by event" in first.description
        assert len(library) == library.store.vectors.count(SIGHT_SPACE) == 3
        shas = second.templates
        end = load_frame(library.store, shas[-1])
        assert end is not None
        assert end.shape == (180, 320, 3)
        assert library.search("craft torch")[0][0].name == "craft torch"
    job_alone = Job(job.video, job.policy, actions=job.actions)
    with Library.open(tmp_path / "other.db") as library:
        names = [skill.name for skill in Seeder(library, *parts).seed(job_alone, RECORD)]
    assert names == ["attack + forward", "Furnace", "wait and see"]


def test_an_event_names_what_it_ended_and_new_names_stay(
    job: Job, parts: tuple[FrameEmbedder, TextReader], tmp_path: Path
) -> None:
    """The reference's rule begins a segment at the event's own frame."""
    assert job.events is not None
    job.events.write_text(json.dumps({"frame": 4, "event": "craft torch"}) + "\n")
    with Library.open(tmp_path / "library.db") as library:
        seeder = Seeder(library, *parts)
        skills = seeder.seed(job, RECORD)
        assert [skill.name for skill in skills] == ["craft torch", "Furnace", "wait and see"]
        apply_edit(library.store, {"skill": skills[1].id, "name": "Look at the furnace"})
        names = ["craft torch", "Look at the furnace", "wait and see"]
        assert [skill.name for skill in seeder.seed(job, RECORD)] == names
        assert sorted(skill.name for skill in library.skills()) == sorted(names)


def test_nonsense_is_refused_and_nothing_is_kept(
    job: Job, parts: tuple[FrameEmbedder, TextReader], tmp_path: Path
) -> None:
    with Library.open(tmp_path / "library.db") as library:
        with pytest.raises(UsageError, match="end before they begin"):
            Seeder(library, *parts).seed(job, RECORD | {"boundaries": [[0, 3], [7, 4], [8, 11]]})
        assert len(library) == 0
