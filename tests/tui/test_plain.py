"""`watch --plain` says all that was asked for, or why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundup.memory.errors import UsageError
from groundup.tui.start import WatchOptions, watch
from tests.tui.libraries import make
from tests.tui.segmented import STARTS, write_segments


def test_a_segmented_video_is_told_in_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library, file = make(tmp_path / "made.db", steps=10), write_segments(tmp_path / "video.json")
    watch(WatchOptions(str(library), segments=file, plain=True))
    shown = capsys.readouterr().out.splitlines()
    assert "segments: mining.mp4: 1000 frames at 20 a second, 6 segments loss above 2 sd" in shown
    assert sum(line.startswith("segment ") for line in shown) == len(STARTS)
    assert (
        "segment 2: frames 120 to 299, 9.0 s, cut by loss, boundary as it was found, "
        "events mine_block:log at 290, picture frame 120"
    ) in shown
    assert any(line.startswith("decision of step 10: ") for line in shown)


@pytest.mark.parametrize("way", [{"plain": True}, {"svg": Path("picture.svg")}])
def test_what_cannot_be_laid_over_is_refused(tmp_path: Path, way: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="--beside"):
        watch(WatchOptions(str(tmp_path / "a.db"), beside=("b.db",), **way))  # type: ignore[arg-type]
