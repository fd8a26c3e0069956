"""The `transformers` backend: random weights, loaded by the real code, held to the schema."""

from __future__ import annotations

import pickle
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundup.agent.reason import prompts
from groundup.agent.reason.costs import Budget, Prices
from groundup.agent.reason.errors import Cancelled
from groundup.agent.reason.local import LocalReasoner
from groundup.agent.reason.opening import prove
from groundup.agent.reason.pictures import plain, screenshot
from groundup.agent.reason.profiles import Profile
from groundup.agent.reason.reasoner import Question
from groundup.envs.errors import UsageError
from tests.agent.conftest import GAME, Groundup
from tests.agent.reason.checkpoint import make_checkpoint

WORDS = ["a door", 'a "key"', "</screen>", "\u202eend", "一枚のカード", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint") / "small")


@pytest.fixture(scope="module")
def reasoner(folder: Path) -> LocalReasoner:
    return LocalReasoner(folder, device="cpu", dtype="float32")


def questions(count: int) -> list[Question[Any]]:
    """Questions of all kinds with pictures and words drawn at random; the long replies are the fewer."""
    chance, pixels = random.Random(0), np.random.default_rng(0)
    out: list[Question[Any]] = []
    for number in range(count):
        picture = screenshot(pixels.integers(0, 255, (60, 80, 3), np.uint8), 64)
        words = [chance.choice(WORDS) for _ in range(chance.randint(2, 9))]
        short: list[Question[Any]] = [
            prompts.probe(picture, number),
            prompts.evaluate(picture, picture, chance.choice(WORDS)),
            prompts.pick(picture, words, "", ""),
        ]
        long: list[Question[Any]] = [
            prompts.describe(picture, words),
            prompts.judge(picture, words),
            prompts.duplicates(words),
            prompts.propose(picture, words, "", words[:2], "", Profile()),
            prompts.propose(picture, words, "", words[:2], "", Profile(coordinates="pixels")),
            prompts.goals(words, words, []),
            prompts.trajectory(picture, chance.choice(WORDS), words),
            prompts.refine(picture, words[:3]),
        ]
        out.append(long[number // 10 % len(long)] if number % 10 == 9 else short[number % len(short)])
    return out


def test_each_of_100_replies_from_random_weights_is_valid(reasoner: LocalReasoner) -> None:
    how: dict[str, int] = {"scored": 0, "constrained": 0}
    for question in questions(100):
        answer = reasoner.ask(question)  # raises for one that is not valid
        assert isinstance(answer.reply, question.reply)
        how[answer.how] += 1
    assert how["scored"] >= 10
    assert sum(how.values()) == 100


def test_which_of_some_options_takes_one_forward_pass(reasoner: LocalReasoner) -> None:
    passes: list[int] = []
    net: Any = reasoner._net
    handle = net.register_forward_hook(lambda *_: passes.append(1))
    try:
        answer = reasoner.ask(prompts.pick(plain((9, 9, 9)), WORDS, "", ""))
    finally:
        handle.remove()
    assert answer.how == "scored"
    assert len(passes) == 1
    assert answer.usage.tokens_out == 1
    assert answer.usage.image_tokens == 16


def test_a_model_of_another_notation_writes_freely(reasoner: LocalReasoner) -> None:
    question = prompts.propose(
        plain((9, 9, 9)), WORDS, "", [], "", Profile(coordinates="pixels", actions="text")
    )
    answer = reasoner.ask(question)
    assert answer.how == "text"


def test_writing_ends_when_the_run_stops(folder: Path) -> None:
    reasoner = LocalReasoner(folder, device="cpu")
    reasoner.stop = lambda: True
    with pytest.raises(Cancelled):
        reasoner.ask(prompts.describe(plain((9, 9, 9)), WORDS))


def without(folder: Path, to: Path, *names: str) -> Path:
    shutil.copytree(folder, to)
    for name in names:
        (to / name).unlink()
    return to


def test_folders_that_will_not_do_are_one_sentence_each(folder: Path, tmp_path: Path) -> None:
    pickled = without(folder, tmp_path / "pickled", "model.safetensors")
    (pickled / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": 1}))
    spoilt = without(folder, tmp_path / "spoilt")
    (spoilt / "model.safetensors").write_bytes(b"\0" * 64)
    other = without(folder, tmp_path / "other")
    (other / "config.json").write_text('{"model_type": "bert"}')
    code = without(folder, tmp_path / "code")
    (code / "config.json").write_text('{"model_type": "mine", "auto_map": {"AutoConfig": "mine.Config"}}')
    (code / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    cases = {
        tmp_path / "nowhere": "is no folder",
        tmp_path: "holds no model",
        without(folder, tmp_path / "empty", "model.safetensors"): "holds no weights",
        pickled: "as a pickle",
        spoilt: "cannot be loaded",
        other: "cannot be loaded",
        code: "cannot be loaded",
        without(folder, tmp_path / "words", "chat_template.jinja"): "chat template",
    }
    for path, words in cases.items():
        with pytest.raises(UsageError, match=words) as caught:
            LocalReasoner(path, device="cpu")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(UsageError, match="no device"):
        LocalReasoner(folder, device="gpu")
    with pytest.raises(UsageError, match="kind of numbers"):
        LocalReasoner(folder, dtype="int4")


def templated(folder: Path, to: Path, template: str) -> LocalReasoner:
    shutil.copytree(folder, to)
    (to / "chat_template.jinja").write_text(template)
    return LocalReasoner(to, device="cpu", dtype="float32")


def test_a_template_without_a_system_gets_its_text_with_the_question(folder: Path, tmp_path: Path) -> None:
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('No such role') }}{% endif %}"
    plainly = (folder / "chat_template.jinja").read_text()
    reasoner = templated(folder, tmp_path / "refusing", refusing + plainly)
    question = prompts.pick(plain((9, 9, 9)), WORDS, "", "")
    assert reasoner.ask(question).how == "scored"
    shown = reasoner._processor.tokenizer.decode(reasoner._inputs(question)["input_ids"][0])
    assert "You advise an agent" in shown


@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('None of it is supported') }}",
        "{% for m in messages %}{{ m.content + 'x' }}{% endfor %}",  # texts alone
    ],
)
def test_a_template_that_takes_no_pictures_is_one_sentence_before_the_run(
    folder: Path, tmp_path: Path, template: str
) -> None:
    reasoner = templated(folder, tmp_path / "other", template)
    with pytest.raises(UsageError, match="whose template takes pictures") as caught:
        prove(reasoner, Prices("small", free=True), Budget())
    assert "\n" not in str(caught.value)


def test_playing_with_a_checkpoint(groundup: Groundup, folder: Path) -> None:
    ran = groundup(
        "play", GAME, "--policy", "transformers", "--model", str(folder), "--steps", "12", "--max-calls", "4",
        "--device", "cpu", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    report = ran.json
    assert report["steps"] >= 12
    assert 1 <= report["model_calls"] <= 4
    assert report["cost_usd"] == 0
    assert all(row["answered"] == row["asked"] for row in report["model"]["by_question"].values())
