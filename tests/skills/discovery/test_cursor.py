"""The pointer: a plain arrow, or a picture that is given."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from groundup.envs.errors import UsageError
from groundup.skills.discovery.vpt.cursor import ARROW, draw_cursor, read_pointer


def test_the_arrow_is_drawn_at_its_place_and_cut_at_the_edges() -> None:
    frame = np.full((360, 640, 3), 100, np.uint8)
    draw_cursor(frame, 200.0, 100.0, ARROW)
    rows, columns = np.nonzero((frame != 100).any(axis=2))
    assert (rows.min(), columns.min()) == (50, 100)
    assert rows.max() - rows.min() == 15
    assert {tuple(colour) for colour in frame[rows, columns]} == {(0, 0, 0), (255, 255, 255)}
    for x, y in ((1279, 719), (5000, 0), (-3, 4)):
        draw_cursor(frame, x, y, ARROW)


def test_a_picture_is_blended_by_its_opacity(tmp_path: Path) -> None:
    picture = np.zeros((2, 3, 4), np.uint8)
    picture[0, 0] = (30, 20, 10, 255)
    picture[1, 2] = (0, 0, 200, 127)
    cv2.imwrite(str(tmp_path / "p.png"), picture)
    frame = np.full((720, 1280, 3), 100, np.uint8)
    draw_cursor(frame, 10.0, 20.0, read_pointer(tmp_path / "p.png"))
    assert frame[20, 10].tolist() == [10, 20, 30]
    assert frame[21, 12].tolist() == [149, 50, 50]
    assert (frame != 100).any(axis=2).sum() == 2


def test_what_is_no_pointer(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    with pytest.raises(UsageError, match="no picture of a pointer"):
        read_pointer(path)
    path.write_bytes(b"hello")
    with pytest.raises(UsageError, match="no picture of a pointer"):
        read_pointer(path)
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(UsageError, match="no picture of a pointer"):
        read_pointer(path)
    cv2.imwrite(str(path), np.zeros((8, 80, 4), np.uint8))
    with pytest.raises(UsageError, match="too large"):
        read_pointer(path)
