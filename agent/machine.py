"""What figures were measured on."""

from __future__ import annotations

import os
import platform
from typing import Any


def machine(**parts: str) -> dict[str, Any]:
    """Platform, processor, cores and Python, and the versions of the `parts` that the figures depend on."""
    return {
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **parts,
    }
