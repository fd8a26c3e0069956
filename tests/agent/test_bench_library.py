"""The library bench, small: its shape, and that both ways of looking up find the same skill."""

import pickle
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from groundup.agent import bench_library
from groundup.agent.bench_library import run
from groundup.skills.library import TEXT_SPACE


def test_the_bench_has_the_shape_that_others_read() -> None:
    said: list[str] = []
    document = run((300,), lookup_skills=200, baseline_lookups=1, queries=5, steps=10, say=said.append)
    assert document.keys() == {"results", "machine"}
    for result in document["results"]:
        assert result.keys() == {"case", "ours", "baseline", "ratio", "unit", "n", "cpu"}
        assert result["ours"] > 0
        assert result["unit"] == "ms"
        assert (result["baseline"] is None) == (result["ratio"] is None)
    cases = " ".join(result["case"] for result in document["results"])
    for part in ("retrieve 16 of 300", "look up 1 of 200", "the writes of one step", "screenshot"):
        assert part in cases
    assert len(said) == 3


def test_the_baseline_finds_what_the_library_finds(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    with bench_library._filled(tmp_path / "library.db", 200, chance) as library:
        wanted = bench_library._some_like_them(library, 10, chance)
        ours = [library.nearest(vector, 1)[0][0].id for vector in wanted]
        ((labels, rows),) = library.store.vectors.after(TEXT_SPACE)
        owners = library.store.vectors.owners(labels.tolist())
    pairs = list(zip(labels.tolist(), rows, strict=True))
    with closing(bench_library._pickled(tmp_path / "reference.db", pairs)) as reference:
        for _, cosine in bench_library._cosines():
            theirs = [owners[bench_library._scan(reference, cosine, vector)] for vector in wanted]
            assert theirs == ours
    with closing(sqlite3.connect(tmp_path / "reference.db")) as reference:
        (feature,) = reference.execute("SELECT state_feature FROM states").fetchone()
        assert pickle.loads(feature).shape == (bench_library.DIMENSIONS,)
