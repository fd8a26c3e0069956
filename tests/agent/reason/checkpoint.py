"""A small LLaVA-style checkpoint with random weights, made here: a real architecture in real files.

`python tests/agent/reason/checkpoint.py FOLDER` makes one to try `--policy transformers` with.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

WORDS = (
    "The agent plays a computer game and must choose one of these things. Reply with a JSON object "
    '{"because": "...", "element": 2} and name the numbers that are most worth trying, '
    "click drag keep retire. "
    "USER: ASSISTANT: screen picture colour red green blue yellow none 0123456789 <screen> </screen>"
)
"""What the tokenizer is trained on; all other letters are bytes to it."""

TEMPLATE = (
    "{% for message in messages %}{{ message['role'] | upper }}: "
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT: {% endif %}"
)


def make_checkpoint(folder: Path, *, seed: int = 0) -> Path:
    """Write the checkpoint into `folder`: 0.7 MB, pictures of 56x56 in 16 patches."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>", "<image>"]
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator([WORDS], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    fast.add_special_tokens({"additional_special_tokens": ["<image>"]})
    image = CLIPImageProcessorPil(
        size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}, do_convert_rgb=True
    )
    processor = LlavaProcessor(
        image_processor=image,
        tokenizer=fast,
        patch_size=14,
        vision_feature_select_strategy="default",
        image_token="<image>",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    torch.manual_seed(seed)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=56,
            patch_size=14,
            projection_dim=32,
        ),
        text_config=LlamaConfig(
            vocab_size=len(fast),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=8192,
            bos_token_id=fast.bos_token_id,
            eos_token_id=fast.eos_token_id,
            pad_token_id=fast.pad_token_id,
        ),
        image_token_index=fast.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
        image_seq_length=16,
    )
    model = LlavaForConditionalGeneration(config)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def teach(folder: Path, prompt: str, reply: str, *, steps: int = 80) -> None:
    """Train the checkpoint until it answers `prompt` with `reply`, greedily; nothing else is learnt."""
    import torch
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)
    model: Any = AutoModelForImageTextToText.from_pretrained(folder, local_files_only=True)
    picture = {"type": "image", "image": Image.new("RGB", (64, 64), "red")}
    messages = [{"role": "user", "content": [{"type": "text", "text": prompt}, picture]}]
    asked = processor.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    )
    answer = processor.tokenizer(f"{reply}</s>", add_special_tokens=False, return_tensors="pt")["input_ids"]
    ids = torch.cat([asked["input_ids"], answer], 1)
    labels = torch.cat([torch.full_like(asked["input_ids"], -100), answer], 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(steps):
        loss = model(input_ids=ids, pixel_values=asked["pixel_values"], labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if loss.item() < 0.01:
            break
    model.eval().save_pretrained(folder)


if __name__ == "__main__":
    print(make_checkpoint(Path(sys.argv[1])))
