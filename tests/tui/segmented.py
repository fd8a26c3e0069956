"""A segmented video as `groundup segment` may write it."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path

from tests.tui.libraries import frame

STARTS = (0, 120, 300, 410, 700, 860)
FRAMES = 1000


def write_segments(path: Path) -> Path:
    """Six segments of a thousand frames; the loss stands out where they begin."""
    losses = [
        0.8 + 0.2 * math.sin(i / 9) + (2.5 if any(0 <= i - s < 4 for s in STARTS[1:]) else 0.0)
        for i in range(FRAMES)
    ]
    ends = [*STARTS[1:], FRAMES]
    document = {
        "video": "mining.mp4",
        "frames": FRAMES,
        "fps": 20.0,
        "rule": "loss above 2 sd",
        "boundaries": [[start, end - 1] for start, end in zip(STARTS, ends, strict=True)],
        "causes": ["loss", "event", "loss", "length", "loss", "end"],
        "losses": [round(loss, 4) for loss in losses],
        "events": [[290, "mine_block:log"], [500, "craft_item:planks"]],
        "key_frames": [
            [start, base64.b64encode(frame(i, size=(320, 180))).decode()]
            for i, start in enumerate(STARTS[:4])
        ],
        "seconds": 1.5,
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
