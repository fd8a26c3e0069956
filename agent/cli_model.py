"""Options that say which model is asked, and how much it may cost: the same for all commands that ask one.

A command names each as a parameter of its own, since that is how typer finds them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str | None, typer.Option(help="The model's name on its server, or a folder with a checkpoint.")
]
BaseUrl = Annotated[
    str | None, typer.Option(help="A server such as http://localhost:8000/v1. [default: OpenAI's]")
]
KeyFile = Annotated[
    Path | None, typer.Option(help="File with the server's key. [default: $GROUNDUP_API_KEY]")
]
Profile = Annotated[str | None, typer.Option(help="How the model wants to be asked, a name or a TOML file.")]
MaxCost = Annotated[float | None, typer.Option(help="Dollars to spend on the model at most.")]
MaxCalls = Annotated[int | None, typer.Option(help="Calls of the model at most.")]
Device = Annotated[
    str | None, typer.Option(help="Where a checkpoint runs, such as cpu or cuda:0. [default: auto]")
]
Dtype = Annotated[str | None, typer.Option(help="Its numbers: float32, bfloat16, float16. [default: auto]")]
