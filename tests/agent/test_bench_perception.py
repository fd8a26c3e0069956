import json
from pathlib import Path

import cv2

from groundup.agent.bench_perception import contours, rotated, run
from groundup.perception.grounding import Template
from groundup.perception.proposals_synthetic import screen


def test_it_runs_on_anybodys_screenshots_and_reports_both_sides(tmp_path: Path) -> None:
    labels = {}
    for seed in (5000, 5003):
        made_up = screen(seed, 640, 360)
        cv2.imwrite(str(tmp_path / f"{seed}.png"), made_up.pixels[..., ::-1])
        labels[f"{seed}.png"] = {f"thing{i}": list(box) for i, box in enumerate(made_up.things)}
    (tmp_path / "mine.json").write_text(json.dumps(labels))
    report = json.loads(json.dumps(run(tmp_path, tmp_path / "mine.json", groundings=2)))
    by_case = {row["case"]: row for row in report["results"]}
    assert set(next(iter(by_case.values()))) == {"case", "ours", "baseline", "ratio", "unit", "n"}
    assert by_case["proposals: centre recall@100"]["ours"] >= 0.9
    assert by_case["grounding, same: right"]["ours"] == 1
    assert by_case["grounding, same: right"]["baseline"] == 1
    assert by_case["proposals: time of a frame"]["baseline"] > 0
    assert report["machine"]["screenshots"] == 2


def test_the_baselines_find_what_is_plain_to_see() -> None:
    made_up = screen(5003)
    thing = max(made_up.things, key=lambda box: box.area)
    match = rotated(Template.cut(made_up.pixels, thing), made_up.pixels)
    assert match is not None
    assert match.box == thing
    boxes = contours(made_up.pixels)
    hits = [any(thing.contains(*box.center) for box in boxes) for thing in made_up.things]
    assert sum(hits) / len(hits) > 0.5
