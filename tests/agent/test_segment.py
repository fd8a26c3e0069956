"""`groundup segment` on real files: outputs, many videos, killed workers, resuming, bad input."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from groundup.envs.recording_video import RecordingWriter
from groundup.envs.recordings import Card, Input
from groundup.perception.video import frames
from groundup.skills.discovery.batch import Records, segment_all
from groundup.skills.discovery.jobs import Job
from groundup.skills.discovery.lerobot.reading import read_episodes
from groundup.skills.discovery.segmenting import segment_video
from tests import needs

MANY = 100
"""Videos of a folder, of which a worker is killed after 20."""


@pytest.fixture
def golden() -> Path:
    return needs.shared("data/vpt-golden")


def _video(path: Path, count: int = 6, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(count):
            pixels = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def _actions(path: Path, count: int = 6) -> Path:
    path.write_text(
        "".join(json.dumps({"buttons": ["forward"], "camera": [n, 0]}) + "\n" for n in range(count))
    )
    return path


def _pair(folder: Path, name: str, seed: int = 0) -> Path:
    _actions(folder / f"{name}.jsonl")
    return _video(folder / f"{name}.mp4", seed=seed)


def test_boundaries_and_files_of_one_video(groundup: Any, golden: Path, tmp_path: Path) -> None:
    ran = groundup(
        *("segment", str(golden / "clip.mp4"), "--actions", str(golden / "clip.jsonl"), "--json"),
        *("--policy", str(golden / "policy.model"), "--gap", "3.955"),
        *("--clips", str(tmp_path / "clips"), "--timeline", str(tmp_path / "t.png")),
        *("--out", str(tmp_path / "r.jsonl")),
    )
    assert ran.code == 0
    expected = json.loads((golden / "expected.json").read_text())["recorded"]["boundaries_by_gap"]["3.955"]
    assert ran.json["boundaries"] == expected
    assert (ran.json["frames"], ran.json["fps"], ran.json["actions"]) == (240, 20.0, "recorded")
    (line,) = (tmp_path / "r.jsonl").read_text().splitlines()
    assert json.loads(line)["boundaries"] == expected
    lengths = [len(list(frames(clip))) for clip in sorted((tmp_path / "clips").iterdir())]
    assert lengths == [last - first + 1 for first, last in expected]
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")


def test_a_video_whose_clips_cannot_be_written_has_no_record(
    groundup: Any, golden: Path, tmp_path: Path
) -> None:
    _pair(tmp_path, "v")
    (tmp_path / "clips").write_text("a file")
    ran = groundup(
        *("segment", str(tmp_path / "v.mp4"), "--actions", str(tmp_path / "v.jsonl"), "--gap", "3"),
        *("--policy", str(golden / "policy.model"), "--clips", str(tmp_path / "clips")),
        *("--out", str(tmp_path / "r.jsonl")),
    )
    assert (ran.code, ran.err.splitlines()[-1].split(" in ")[0]) == (2, "groundup: --clips cannot be written")
    assert not (tmp_path / "r.jsonl").exists()


def test_predicted_actions_and_the_default_gap(groundup: Any, golden: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    ran = groundup(
        *("segment", str(golden / "clip.mp4"), "--policy", str(golden / "policy.model"), "--json"),
        *("--idm", str(golden / "idm.model"), "--out", str(out)),
    )
    assert (ran.json["actions"], ran.json["gap"], ran.json["boundaries"]) == ("idm", 17.0, [[0, 239]])
    assert out.read_text().splitlines()[1].startswith("clip.mp4,0,239,0.0,end,")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"video": "none.mp4"}, "There is no video"),
        ({"video": "v.jsonl"}, "not a video"),
        ({"actions": "short.jsonl"}, "more than 3 frames, but 3 actions"),
        ({"actions": "long.jsonl"}, "6 frames, but 9 actions"),
        ({"actions": "broken.jsonl"}, "line 2 is not JSON"),
        ({"policy": "v.mp4"}, "beside it"),
        ({"rule": "magic"}, "no rule 'magic'"),
        ({"out": "r.txt"}, "should end with"),
        ({"min-length": "9", "max-length": "5"}, "--min-length 9 is more than --max-length 5"),
    ],
)
def test_bad_input_is_a_sentence(
    groundup: Any, golden: Path, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    _pair(tmp_path, "v")
    _actions(tmp_path / "short.jsonl", 3)
    _actions(tmp_path / "long.jsonl", 9)
    (tmp_path / "broken.jsonl").write_text("{}\n{\n")
    given = {
        "video": "v.mp4",
        "actions": "v.jsonl",
        "policy": str(golden / "policy.model"),
        "out": "o.jsonl",
    } | change
    paths = {name: str(tmp_path / given[name]) for name in ("video", "actions", "policy", "out")}
    options = [f"--{name}={value}" for name, value in (given | paths).items() if name != "video"]
    ran = groundup("segment", paths["video"], *options)
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "o.jsonl").exists()


def test_without_actions_it_says_what_to_give(groundup: Any, golden: Path, tmp_path: Path) -> None:
    ran = groundup("segment", str(_video(tmp_path / "v.mp4")), "--policy", str(golden / "policy.model"))
    assert ran.code == 2
    assert "--idm" in ran.err


def test_a_loss_that_is_no_number_fails(golden: Path) -> None:
    from groundup.skills.discovery.vpt.engine import ChunkedLosses, LossesInvalid
    from groundup.skills.discovery.vpt.files import load_policy

    policy = load_policy(golden / "policy.model")
    policy.net.final_ln.weight.data[0] = float("nan")
    picture = np.zeros((128, 128, 3), dtype=np.uint8)
    losses = ChunkedLosses(policy, np.zeros((3, 2), dtype=np.int64), iter([picture] * 3))
    with pytest.raises(LossesInvalid, match="frame 0 is not a number"):
        list(losses.since(0))


def test_a_full_disk_leaves_whole_records(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: a write breaks off in the middle."""
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from groundup.skills.discovery.batch import Records\n"
        "from groundup.envs.errors import GroundupError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (250, 250))\n"
        "records = Records(Path(sys.argv[1]))\n"
        "try:\n"
        "    for n in range(99): records.add({'video': f'{n}.mp4', 'boundaries': [[0, 10]] * 5})\n"
        "except GroundupError as error: print(error)\n"
    )
    path = tmp_path / "r.jsonl"
    ran = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in ran.stdout
    assert path.read_bytes().endswith(b"\n")
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(Records(path).done) == len(lines) == 250 // len(lines[0])


def test_a_folder_with_a_bad_video_goes_on_and_resumes(groundup: Any, golden: Path, tmp_path: Path) -> None:
    for number in range(3):
        _pair(tmp_path, f"{number}", number)
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    out = tmp_path / "out.jsonl"
    command = (
        "segment",
        str(tmp_path),
        "--policy",
        str(golden / "policy.model"),
        "--out",
        str(out),
        "--json",
    )
    first = groundup(*command)
    assert first.code == 1
    assert [Path(failed["video"]).name for failed in first.json["failed"]] == ["bad.mp4"]
    assert len(first.json["videos"]) == 3
    content = out.read_bytes()
    # As a killed run would leave it: the last record half written.
    out.write_bytes(content[:-20])
    (tmp_path / "bad.mp4").unlink()
    second = groundup(*command)
    assert (second.code, second.json["resumed"]) == (0, 2)
    assert sorted(out.read_bytes().splitlines()) != []
    assert sorted(r["file"] for r in map(json.loads, out.read_text().splitlines())) == [
        "0.mp4",
        "1.mp4",
        "2.mp4",
    ]


def test_of_several_videos_each_has_its_clips_timeline_and_dataset(
    groundup: Any, golden: Path, tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for name in ("a", "b"):
        _pair(videos, name, seed=ord(name))
    shared = ("segment", str(videos), "--policy", str(golden / "policy.model"), "--json")
    out = str(tmp_path / "out.jsonl")
    extras = [f"--{name}={tmp_path / name[0]}" for name in ("clips", "timeline", "lerobot")]
    ran = groundup(*shared, "--out", out, *extras)
    assert ran.code == 0, ran.err
    for record, name in zip(ran.json["videos"], ("a", "b"), strict=True):
        lengths = [len(list(frames(clip))) for clip in sorted((tmp_path / "c" / name).iterdir())]
        assert lengths == [last - first + 1 for first, last in record["boundaries"]]
        assert (tmp_path / "t" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert len(read_episodes(tmp_path / "l" / name)) == len(lengths)
    assert groundup(*shared, "--out", out, *extras).json["resumed"] == 2
    ran = groundup(*shared, "--out", str(tmp_path / "anew.jsonl"), *extras, "--gap", "1")
    assert (ran.code, "is there already" in ran.err) == (2, True)
    ran = groundup(*shared, "--out", out, "--clips", str(tmp_path / "others"))
    assert (ran.code, "which was cut without" in ran.err) == (2, True)
    (videos / "a.mp4").with_name("deep").mkdir()
    shutil.copy(videos / "a.mp4", videos / "deep" / "a.mp4")
    same = (str(videos / "a.mp4"), str(videos / "deep" / "a.mp4"))
    ran = groundup("segment", *same, *shared[2:], "--out", out, *extras)
    assert (ran.code, "Two videos are called a" in ran.err) == (2, True)


def test_recordings_are_cut_by_their_own_actions(groundup: Any, golden: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = tmp_path / "demos" / name
        with RecordingWriter(folder, Card("made", (64, 48), 20.0)) as recording:
            for number in range(6):
                pixels = np.full((48, 64, 3), 40 * number, np.uint8)
                recording.frame(pixels, 0.05 * number)
                recording.add(Input(0.05 * number, "press", number, 3, "left"))
                recording.add(Input(0.05 * number, "release", number, 3, "left"))
    shared = ("--policy", str(golden / "policy.model"), "--json")
    alone = groundup("segment", str(tmp_path / "demos" / "one"), *shared)
    assert (alone.code, alone.json["actions"], alone.json["frames"]) == (0, "recorded", 6)
    both = groundup("segment", str(tmp_path / "demos"), *shared, "--out", str(tmp_path / "out.jsonl"))
    assert [record["video"] for record in both.json["videos"]] == [
        str(tmp_path / "demos" / name / "video.mp4") for name in ("one", "two")
    ]
    assert both.json["videos"][0]["boundaries"] == alone.json["boundaries"]


@pytest.mark.parametrize(
    ("extra", "room", "words"),
    [
        ("clips", 12_000, "beside cannot be written"),
        ("timeline", 12_000, "beside cannot be written"),
        ("lerobot", 12_000, "beside cannot be written"),
        ("clips", 2000, "has no room for 1 KB a frame"),
    ],
)
def test_a_full_disk_leaves_no_half_of_what_is_written_beside(
    golden: Path, tmp_path: Path, extra: str, room: int, words: str
) -> None:
    """A limit on the size of files stands in for the disk: each write breaks off in the middle."""
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from groundup.agent import cli\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        "cli.main(sys.argv[1:])\n"
    )
    video = _video(tmp_path / "v.mp4")
    given = ["segment", str(video), "--actions", str(_actions(tmp_path / "a.jsonl"))]
    given += ["--policy", str(golden / "policy.model"), f"--{extra}", str(tmp_path / "beside")]
    before = set(tmp_path.iterdir())
    ran = subprocess.run([sys.executable, "-c", script, *given], capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert words in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert set(tmp_path.iterdir()) == before


def test_records_made_with_other_options_are_refused(groundup: Any, golden: Path, tmp_path: Path) -> None:
    video, out = _pair(tmp_path, "v"), tmp_path / "out.jsonl"
    shared = ("--policy", str(golden / "policy.model"), "--out", str(out))
    alone = ("segment", str(video), "--actions", str(tmp_path / "v.jsonl"), *shared)
    assert groundup(*alone, "--gap", "3").code == 0
    content = out.read_bytes()
    for command in (alone, ("segment", str(tmp_path), *shared)):
        ran = groundup(*command, "--gap", "4")
        assert ran.code == 2
        assert "gap 3.0 instead of 4.0" in ran.err
    assert out.read_bytes() == content
    assert groundup(*alone, "--gap", "3").code == 0
    assert out.read_bytes() == content


def test_other_weights_under_the_same_name_are_other_options(golden: Path, tmp_path: Path) -> None:
    weights = tmp_path / "w.weights"
    weights.write_bytes(b"other")
    video = tmp_path / "v.mp4"
    ours = Job(video, golden / "policy.model").options
    assert ours["policy"] != Job(video, golden / "policy.model", weights).options["policy"]
    assert ours == Job(tmp_path / "w.mp4", golden / "policy.model").options


def test_a_wrong_suffix_is_refused_before_anything_is_read(groundup: Any, tmp_path: Path) -> None:
    ran = groundup("segment", str(tmp_path / "none.mp4"), "--policy", "none.model", "--out", "r.txt")
    assert ran.code == 2
    assert "should end with .jsonl or .csv" in ran.err


def test_progress_of_one_video_by_an_inverse_model(golden: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    job = Job(_video(tmp_path / "v.mp4"), golden / "policy.model", idm=golden / "idm.model")
    cut = segment_video(job, lambda *given: told.append(given))
    assert (6, 6, "actions predicted") in told
    assert told[-1] == (len(cut.demonstration.kept), len(cut.demonstration.kept), "frames scored")


def test_a_hundred_videos_and_a_killed_worker(golden: Path, tmp_path: Path) -> None:
    source = _pair(tmp_path, "source")
    jobs = []
    for number in range(MANY):
        video = Path(shutil.copyfile(source, tmp_path / f"{number:03}.mp4"))
        jobs.append(Job(video, golden / "policy.model", actions=tmp_path / "source.jsonl", threads=1))
    records = Records(tmp_path / "out.jsonl")
    killed = threading.Event()

    def keep(record: dict[str, Any]) -> None:
        records.add(record)
        if len(records.done) >= 20 and not killed.is_set():
            killed.set()
            os.kill(_children()[-1], signal.SIGKILL)
            time.sleep(0.2)

    failures = segment_all(jobs, 2, keep, lambda *_: None)
    assert failures == []
    assert killed.is_set()
    written = [json.loads(line)["file"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert sorted(written) == [f"{number:03}.mp4" for number in range(MANY)]


def test_a_hundred_videos_on_ray_and_a_killed_worker(golden: Path, tmp_path: Path) -> None:
    """In a process of its own, which Ray's own processes end with."""
    needs.package("ray", "scale")
    source = _pair(tmp_path, "source")
    videos = tmp_path / "videos"
    videos.mkdir()
    for number in range(MANY):
        shutil.copyfile(source, videos / f"{number:03}.mp4")
        shutil.copyfile(tmp_path / "source.jsonl", videos / f"{number:03}.jsonl")
    (videos / "bad.mp4").write_bytes(b"no video")
    out = tmp_path / "out.jsonl"
    command = [
        *(
            sys.executable,
            "-m",
            "groundup.agent.cli",
            "segment",
            str(videos),
            "--engine",
            "ray",
            "--workers",
            "2",
        ),
        *("--policy", str(golden / "policy.model"), "--out", str(out), "--json"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not (out.exists() and out.read_bytes().count(b"\n") >= 20):
            time.sleep(0.05)
        if running.poll() is None:
            os.kill(_ray_worker(running.pid), signal.SIGKILL)
        printed, complained = running.communicate()
    assert running.returncode == 1, complained
    assert [Path(one["video"]).name for one in json.loads(printed)["failed"]] == ["bad.mp4"]
    written = [json.loads(line)["file"] for line in out.read_text().splitlines()]
    assert sorted(written) == [f"{number:03}.mp4" for number in range(MANY)]


def _ray_worker(below: int) -> int:
    """A process of Ray's below another that runs a task; between two tasks it is called otherwise."""
    for _ in range(200):
        for entry in Path("/proc").iterdir():
            try:
                title = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
                if title.startswith(b"ray::record_of") and below in _above(entry):
                    return int(entry.name)
            except OSError:
                continue
        time.sleep(0.05)
    raise AssertionError("no worker of Ray is at work")


def _above(entry: Path) -> list[int]:
    """The processes above a process."""
    found, number = [], int(entry.name)
    while number > 1:
        number = int(Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[1])
        found.append(number)
    return found


def test_ray_is_for_several_videos(groundup: Any, golden: Path, tmp_path: Path) -> None:
    video = str(_pair(tmp_path, "v"))
    ran = groundup("segment", video, "--policy", str(golden / "policy.model"), "--engine", "ray")
    assert (ran.code, "several videos" in ran.err) == (2, True)
    ran = groundup("segment", video, "--policy", str(golden / "policy.model"), "--address", "x:1")
    assert (ran.code, "--engine ray" in ran.err) == (2, True)
    ran = groundup("segment", video, "--policy", str(golden / "policy.model"), "--engine", "magic")
    assert (ran.code, "no engine 'magic'" in ran.err) == (2, True)


def _golden_options(golden: Path) -> tuple[str, ...]:
    return (
        str(golden / "clip.mp4"),
        "--actions",
        str(golden / "clip.jsonl"),
        "--policy",
        str(golden / "policy.model"),
    )


def test_fast_cuts_where_exact_does_and_only_by_the_reference(groundup: Any, golden: Path) -> None:
    expected = json.loads((golden / "expected.json").read_text())["recorded"]["boundaries_by_gap"]
    for how in ("--fast", "--exact"):
        ran = groundup("segment", *_golden_options(golden), "--gap", "2.818", how, "--json")
        assert ran.json["boundaries"] == expected["2.818"]
        assert "float" in ran.json["computed"]
    ran = groundup("segment", *_golden_options(golden), "--rule", "smoothed", "--gap", "9", "--fast")
    assert (ran.code, "leave it out for smoothed" in ran.err) == (2, True)


def test_a_calibrated_gap_gives_the_length(groundup: Any, golden: Path) -> None:
    for rule in ("reference", "combined"):
        found = groundup(
            "calibrate", *_golden_options(golden), "--rule", rule, "--length", "25", "--json"
        ).json
        ran = groundup(
            *("segment", *_golden_options(golden), "--rule", rule, "--gap", str(found["gap"]), "--json")
        )
        assert len(ran.json["boundaries"]) == found["segments"]
        assert found["mean_length"] == pytest.approx(25, rel=0.3)
    rate = groundup("calibrate", *_golden_options(golden), "--rate", "50", "--json").json
    assert rate["per_minute"] == pytest.approx(50, rel=0.3)
    for wrong in ((), ("--length", "9", "--rate", "9")):
        ran = groundup("calibrate", *_golden_options(golden), *wrong)
        assert (ran.code, "either --length" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("smoothed", "groundup calibrate --rule smoothed"),
        ("latent", "needs a model"),
        ("latent-events", "needs a model"),
    ],
)
def test_a_rule_that_lacks_something_says_so(groundup: Any, golden: Path, rule: str, words: str) -> None:
    ran = groundup("segment", *_golden_options(golden), "--rule", rule)
    assert (ran.code, words in ran.err) == (2, True)


def test_a_lerobot_dataset_out_and_in(groundup: Any, golden: Path, tmp_path: Path) -> None:
    made = tmp_path / "set"
    options = _golden_options(golden)
    first = groundup("segment", *options, "--gap", "3.955", "--lerobot", str(made), "--json")
    assert groundup("segment", *options, "--lerobot", str(made)).code == 2
    out = tmp_path / "again.jsonl"
    again = groundup(
        "segment", str(made), "--policy", str(golden / "policy.model"), "--out", str(out), "--json"
    )
    assert [record["frames"] for record in again.json["videos"]] == [
        last - first + 1 for first, last in first.json["boundaries"]
    ]
    assert [record["file"] for record in again.json["videos"]] == [
        f"set#{number}" for number in range(len(first.json["boundaries"]))
    ]
    assert {record["actions"] for record in again.json["videos"]} == {"recorded"}


def test_any_container_and_codec(golden: Path, tmp_path: Path) -> None:
    for name, codec in (("a.mkv", "h264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4"), ("a.mov", "mjpeg")):
        video = tmp_path / name
        with av.open(str(video), "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for number in range(6):
                pixels = np.full((48, 64, 3), 40 * number, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode(None))
        cut = segment_video(Job(video, golden / "policy.model", actions=_actions(tmp_path / "a.jsonl")))
        assert cut.boundaries == [(0, 5)]


def _children() -> list[int]:
    """The worker processes of this one."""
    import multiprocessing

    return [process.pid for process in multiprocessing.active_children() if process.pid is not None]
