"""Decoding: equal to OpenCV, upright, and a sentence for whatever is wrong."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from numpy.typing import NDArray

from groundup.perception.clips import write_clips
from groundup.perception.video import VideoUnusable, frames, piece, probe


def _write(path: Path, count: int = 10, *, rotate: bool = False, variable: bool = False) -> Path:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("h264", rate=20, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(count):
            pixels = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number + (number > 4) * 7 * variable
            frame.time_base = Fraction(1, 20)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if rotate:
        content = path.read_bytes()
        # The matrix of the track's header, from the identity to a quarter turn.
        at = content.index(b"tkhd") + 44
        one = (0x10000).to_bytes(4, "big")
        zero, minus = bytes(4), (0xFFFF0000).to_bytes(4, "big")
        turned = zero + one + zero + minus + zero + zero
        path.write_bytes(content[:at] + turned + content[at + 24 :])
    return path


def _by_opencv(path: Path) -> list[NDArray[np.uint8]]:
    capture, found = cv2.VideoCapture(str(path)), []
    while True:
        read, pixels = capture.read()
        if not read:
            return found
        found.append(np.asarray(pixels[..., ::-1], dtype=np.uint8))


@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize("rotate", [False, True])
def test_frames_are_opencvs(tmp_path: Path, rotate: bool, variable: bool) -> None:
    path = _write(tmp_path / "v.mp4", rotate=rotate, variable=variable)
    ours, theirs = list(frames(path)), _by_opencv(path)
    assert len(ours) == 10
    assert ours[0].shape == ((64, 48, 3) if rotate else (48, 64, 3))
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("rotate", [False, True])
def test_a_piece_is_those_frames(tmp_path: Path, rotate: bool) -> None:
    path = _write(tmp_path / "v.mp4", 30, rotate=rotate)
    whole = list(frames(path))
    for start, length in ((0, 5), (7, 1), (13, 17)):
        found = list(piece(path, start / 20, length))
        assert all(np.array_equal(a, b) for a, b in zip(found, whole[start : start + length], strict=True))
    with pytest.raises(VideoUnusable, match="has 5 of 9 frames"):
        list(piece(path, 25 / 20, 9))


def test_what_the_header_says(tmp_path: Path) -> None:
    info = probe(_write(tmp_path / "v.mp4"))
    assert (info.width, info.height, info.fps, info.frames) == (64, 48, 20.0, 10)


def test_what_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    with pytest.raises(VideoUnusable, match="no video"):
        probe(path)
    for content in (b"", b"hello " * 1000):
        path.write_bytes(content)
        with pytest.raises(VideoUnusable, match="not a video"):
            list(frames(path))
    sound = tmp_path / "v.wav"
    with av.open(str(sound), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), dtype=np.int16), format="s16", layout="mono")
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
    with pytest.raises(VideoUnusable, match="no moving pictures"):
        list(frames(sound))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_video(tmp_path: Path, share: float) -> None:
    path = _write(tmp_path / "v.mp4", 40)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(VideoUnusable, match=r"truncated|damaged"):
        list(frames(path))


def test_an_avi_of_a_variable_rate_is_whole_and_half_of_it_is_not(tmp_path: Path) -> None:
    path = _write(tmp_path / "v.avi", variable=True)
    assert len(list(frames(path))) == len(_by_opencv(path)) == 10
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(VideoUnusable, match=r"truncated|damaged"):
        list(frames(path))


def test_a_name_with_a_colon_is_no_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "v.mp4").rename("take:1.mp4")
    assert len(list(frames(Path("take:1.mp4")))) == 10
    (clip,) = write_clips(frames(Path("take:1.mp4")), [(2, 4)], 20.0, Path("cut:1"))
    assert len(list(frames(clip))) == 3


def test_the_cover_of_a_record_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=8000, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 8000
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        for stream, frame in ((cover, picture), (sound, silence)):
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    with pytest.raises(VideoUnusable, match="no moving pictures"):
        list(frames(path))


def test_no_frames(tmp_path: Path) -> None:
    path = _write(tmp_path / "v.mp4", 1)
    content = path.read_bytes()
    at = content.index(b"mdat") + 4
    path.write_bytes(content[:at] + bytes(len(content) - at))
    with pytest.raises(VideoUnusable):
        list(frames(path))


def test_a_codec_without_decoder(tmp_path: Path) -> None:
    path = _write(tmp_path / "v.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1").replace(b"avcC", b"zzzC"))
    with pytest.raises(VideoUnusable, match="nothing here decodes"):
        list(frames(path))
