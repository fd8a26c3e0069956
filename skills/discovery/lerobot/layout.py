"""Where things lie in a LeRobotDataset v3.0, and what this project puts into one.

meta/info.json                              features, frame rate, counts, templates of paths
meta/stats.json                             of each feature over all frames
meta/tasks.parquet                          task_index, by the task in words (the index of a data frame)
meta/episodes/chunk-000/file-000.parquet    an episode a row: its length and where its rows and frames lie
data/chunk-000/file-000.parquet             a frame a row
videos/CAMERA/chunk-000/file-000.mp4        frames of many episodes, one after the other
"""

from __future__ import annotations

from groundup.envs.errors import UsageError
from groundup.skills.discovery.vpt.actions import BUTTONS

VERSION = "v3.0"
INFO, STATS, TASKS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
EPISODES = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
CHUNK = 1000
"""Files in a chunk's folder."""
DATA_MB, VIDEO_MB = 100, 200
"""Sizes after which the next file is begun, as the format's library has them."""

CAMERA = "observation.images.screen"
ACTION, GUI, KEPT, CURSOR = "action", "observation.gui", "observation.kept", "observation.cursor"
NAMES = (*BUTTONS, "camera.pitch", "camera.yaw")
"""Of the numbers of an action: buttons 0 or 1, then degrees."""

COUNTERS = ("frame_index", "episode_index", "index", "task_index")
"""Columns that every dataset has, besides the timestamp."""


class DatasetUnusable(UsageError):
    """A folder is no LeRobotDataset v3.0, or holds nothing that can be segmented."""
