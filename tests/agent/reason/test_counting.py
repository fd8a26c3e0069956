"""The counting server, and the paper's schedule counted on it through the real client."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from groundup.agent.reason import prompts
from groundup.agent.reason.costs import Prices
from groundup.agent.reason.counting import counting_server, instance
from groundup.agent.reason.mind import Mind
from groundup.agent.reason.pictures import plain, screenshot
from groundup.agent.reason.reference_vlm import PaperAdviser
from groundup.agent.reason.replies import Goals, Proposal, Scene
from groundup.agent.reason.schemas import portable
from groundup.agent.reason.server import ServerReasoner
from groundup.envs.types import Frame
from groundup.perception.observation import Observation
from tests.agent.conftest import GAME, Groundup


@pytest.mark.parametrize("reply", [Scene, Proposal, Goals])
def test_its_replies_fit_their_form(reply: type[Scene] | type[Proposal] | type[Goals]) -> None:
    for seed in range(50):
        document = instance(portable(reply, 3), Random(seed))
        assert reply.model_validate(document, context={"options": 3})


def test_pictures_are_counted_as_they_arrive() -> None:
    with counting_server() as server:
        reasoner = ServerReasoner("gpt-4o", server.url, "none")
        reasoner.ask(prompts.pick(plain((1, 2, 3)), ["a", "b"], "", ""))
        usage = reasoner.ask(
            prompts.describe(screenshot(np.zeros((720, 1280, 3), np.uint8), 1280), ["a"])
        ).usage
        reasoner.close()
        counts = server.counts.copy()
    assert (counts.calls, counts.pictures) == (2, 2)
    assert counts.image_tokens == 255 + 1105
    assert usage.image_tokens == 1105  # our own count agrees with the server's
    assert usage.tokens_in > 1105


def test_the_papers_schedule_sends_full_screenshots_each_time() -> None:
    def seen(index: int) -> Observation:
        return Observation(
            "scene 0", (), (), frame=Frame(np.full((720, 1280, 3), index, np.uint8), 0.0, index)
        )

    with counting_server() as server:
        reasoner = ServerReasoner("gpt-4o", server.url, "none")
        paper = PaperAdviser(Mind(reasoner, Prices("m"), remember=0))
        for index in range(3):
            paper.select(seen(index), ["a"])
            paper.evaluate(seen(index), seen(index + 1), "a", new=index == 0, changed=True)
        paper.select(seen(0), ["a"])  # the same again is asked again
        reasoner.close()
        counts = server.counts.copy()
    assert counts.calls == 3 + 3 + 1 + 1
    assert counts.pictures == 3 + 2 * 3 + 1 + 1
    assert counts.image_tokens == 1105 * counts.pictures


def test_bench_models_sets_both_side_by_side(groundup: Groundup) -> None:
    ran = groundup("bench", "models", "--game", GAME, "--steps", "8", "--json")
    assert ran.code == 0, ran.err
    cases = {row["case"]: row for row in ran.json["results"]}
    assert cases["image tokens"]["baseline"] > 0
    assert cases["model calls a step"]["ours"] > 0
    assert ran.json["steps"].keys() == {"openai", "reference-vlm"}
    assert {"evaluate", "select"} <= ran.json["by_question"]["reference-vlm"].keys()
