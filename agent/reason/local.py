"""The `transformers` backend: an image-text-to-text checkpoint in a folder of this machine.

Weights are read from safetensors only, no code of the folder is run, nothing is fetched. Replies are
held to their schema while they are written; which of some options is decided by one forward pass.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from llguidance.hf import from_tokenizer
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.utils import logging

from groundup.agent.reason.constrained import Constrained, Stopping
from groundup.agent.reason.errors import Cancelled, Invalid, Refused, TooLarge, Unavailable
from groundup.agent.reason.profiles import Profile, profile_of
from groundup.agent.reason.reasoner import Answer, Question, R, Stop, never
from groundup.agent.reason.repair import read
from groundup.agent.reason.replies import Pick, TextActions
from groundup.agent.reason.schemas import full
from groundup.agent.reason.usage import Usage
from groundup.envs.errors import UsageError

TOKENS = 4096
"""Tokens of a reply at the most; the longest that a schema allows has some 2,000 letters."""

LONGEST = 100
"""Letters of one text in a reply: a model here need not be eloquent, and each token takes a pass."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""Kinds of numbers that a model may be loaded in."""


class LocalReasoner:
    """Answers with a checkpoint."""

    def __init__(
        self, folder: Path, *, device: str = "auto", dtype: str = "auto", profile: Profile | None = None
    ) -> None:
        """`device`: "auto", "cpu", "cuda:0", ...; `dtype`: "auto" (the checkpoint's) or one of `DTYPES`.

        Raises `UsageError` with one sentence for a folder that cannot be used.
        """
        folder = folder.expanduser()
        check_folder(folder)
        self.model = folder.resolve().name
        self.profile = profile or profile_of(self.model)
        self.stop: Stop = never
        self._device = _device(device)
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self._processor, self._net = _load(folder, _dtype(dtype), self._device)
        self._letters = _letters(self._processor.tokenizer)
        self._grammar: Any = None
        self._folds = False

    def ask(self, question: Question[R]) -> Answer[R]:
        """The answer; raises `NoAnswer`."""
        try:
            with torch.inference_mode():
                if question.reply is Pick and 2 <= question.options <= len(self._letters):
                    return self._score(question)
                return self._write(question)
        except torch.OutOfMemoryError as error:
            raise TooLarge(
                f"{self.model} ran out of memory: show it less, by a --profile with a smaller side."
            ) from error
        except (RuntimeError, ValueError, IndexError) as error:
            raise Unavailable(f"{self.model} failed: {' '.join(str(error).split())[:160]}.") from error

    def close(self) -> None:
        """Let the model go."""
        self._net = None

    def _inputs(self, question: Question[Any], more: str = "") -> Any:
        pictures = [Image.fromarray(picture.pixels) for picture in question.pictures]
        content: list[dict[str, Any]] = [{"type": "image", "image": picture} for picture in pictures]
        content.append({"type": "text", "text": question.text + more})
        inputs = self._templated({"type": "text", "text": question.system}, content).to(self._device)
        return inputs.to(dtype=self._net.dtype) if "pixel_values" in inputs else inputs

    def _templated(self, system: dict[str, Any], content: list[dict[str, Any]]) -> Any:
        """Both texts by the checkpoint's chat template; raises `Refused` where that takes none."""
        messages = [{"role": "system", "content": [system]}, {"role": "user", "content": content}]
        if self._folds:
            messages = [{"role": "user", "content": [system, *content]}]
        try:
            return self._processor.apply_chat_template(
                messages, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
            )
        # A template is a program of the checkpoint's.
        except (TemplateError, TypeError, KeyError, AttributeError) as error:
            if not self._folds:  # some know no role of a system
                self._folds = True
                return self._templated(system, content)
            why = " ".join(str(error).split())[:160]
            raise Refused(
                f"The chat template of {self.model} takes no question with pictures ({why}): "
                "take an instruction-tuned checkpoint whose template takes pictures."
            ) from error

    def _usage(self, question: Question[Any], inputs: Any, written: int) -> Usage:
        ids = inputs["input_ids"]
        image = getattr(self._net.config, "image_token_id", None)
        shown = int((ids == image).sum()) if isinstance(image, int) else 0
        return Usage(1, int(ids.shape[-1]), written, len(question.pictures), shown)

    def _score(self, question: Question[R]) -> Answer[R]:
        """Which of the options, by the probability of their letters as the next token: one forward pass."""
        letters = string.ascii_uppercase[: question.options]
        asked = (
            f"\nReply with one letter only: {', '.join(f'{c} for {n}' for n, c in enumerate(letters, 1))}."
        )
        inputs = self._inputs(question, asked)
        scores = self._net(**inputs, logits_to_keep=1).logits[0, -1].float().log_softmax(-1)
        options = [torch.logsumexp(scores[self._letters[letter]], 0) for letter in letters]
        best = int(torch.stack(options).argmax())
        reply = question.reply.model_validate(
            {"because": "", "element": best + 1}, context={"options": question.options}
        )
        return Answer(reply, self._usage(question, inputs, 1), "scored")

    def _write(self, question: Question[R]) -> Answer[R]:
        inputs = self._inputs(question)
        start = int(inputs["input_ids"].shape[-1])
        processors: list[Any] = []
        if not question.free:
            schema = _shortened(full(question.reply, question.options))
            processors = [Constrained(self._tokens(), schema, start)]
        limit = 256 if question.free else TOKENS
        out = self._net.generate(
            **inputs,
            max_new_tokens=limit,
            do_sample=False,
            logits_processor=processors,
            stopping_criteria=[Stopping(self.stop)],
        )
        written = out[0, start:]
        usage = self._usage(question, inputs, len(written))
        if self.stop():
            raise Cancelled("The run stops: the question to the model was given up.", usage)
        text = self._processor.tokenizer.decode(written, skip_special_tokens=True)
        if question.free and question.reply is TextActions:
            return Answer(question.reply.model_validate({"text": text[:4000]}), usage, "text")
        try:
            return Answer(read(question.reply, text, question.options), usage, "constrained")
        except ValueError as error:
            raise Invalid(f"{self.model} did not reply in the form asked for ({error}).", usage) from error

    def _tokens(self) -> Any:
        """The tokenizer as llguidance wants it: made once, it takes a second."""
        if self._grammar is None:
            embedding = self._net.get_input_embeddings()
            self._grammar = from_tokenizer(self._processor.tokenizer, n_vocab=embedding.weight.shape[0])
        return self._grammar


def check_folder(folder: Path) -> None:
    """Raise `UsageError` for a folder that holds no checkpoint that may be loaded."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: --model names the folder of a checkpoint.")
    if not (folder / "config.json").is_file():
        raise UsageError(
            f"{folder} holds no model (no config.json): give the folder of a checkpoint by --model."
        )
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(p.name for ending in ("bin", "pt", "pth", "pkl") for p in folder.glob(f"*.{ending}"))
        if pickles:
            raise UsageError(
                f"{folder} holds its weights as a pickle ({pickles[0]}), which could run code: "
                "convert them to safetensors."
            )
        raise UsageError(f"{folder} holds no weights (*.safetensors): download the whole checkpoint.")


def _load(folder: Path, dtype: Any, device: torch.device) -> tuple[Any, Any]:
    own = {"local_files_only": True, "trust_remote_code": False}
    processors: Any = AutoProcessor
    try:
        processor = processors.from_pretrained(folder, **own)
        net: Any = AutoModelForImageTextToText.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, **own
        )
    except (
        Exception
    ) as error:  # whatever a strange folder brings up: the libraries' errors have no common base
        # What follows its first sentence is advice to programmers.
        why = " ".join(str(error).split()).split(". ")[0].rstrip(".")[:200]
        raise UsageError(f"{folder} cannot be loaded as an image-text-to-text model: {why}.") from error
    if getattr(processor, "tokenizer", None) is None or processor.chat_template is None:
        raise UsageError(
            f"{folder} has no chat template or no pictures: take an instruction-tuned checkpoint."
        )
    try:
        return processor, net.to(device).eval()
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"{folder} cannot be put on {device}: {' '.join(str(error).split())[:160]}."
        ) from error


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"--device {name} is no device: give auto, cpu, or cuda:0.") from error


def _dtype(name: str) -> Any:
    if name != "auto" and name not in DTYPES:
        raise UsageError(f"--dtype {name} is no kind of numbers: give auto, {', '.join(DTYPES)}.")
    return DTYPES.get(name, "auto")


def _letters(tokenizer: Any) -> dict[str, list[int]]:
    """For each capital letter from A on the tokens that are it alone; ends where one has none."""
    letters: dict[str, list[int]] = {}
    for letter in string.ascii_uppercase:
        coded = (tokenizer.encode(text, add_special_tokens=False) for text in (letter, f" {letter}"))
        single = sorted({ids[0] for ids in coded if len(ids) == 1})
        if not single:
            break
        letters[letter] = single
    return letters


def _shortened(schema: Any) -> Any:
    """The schema with texts of at most `LONGEST` letters."""
    if isinstance(schema, list):
        return [_shortened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: _shortened(part) for name, part in schema.items()}
    if isinstance(out.get("maxLength"), int):
        out["maxLength"] = min(out["maxLength"], LONGEST)
    return out
