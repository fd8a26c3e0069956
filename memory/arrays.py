"""The arrays that vectors come in. Apart from the records, so that who only reads those needs no numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
"""Numbers of vectors, int64, shape (n,)."""

Vectors = NDArray[np.float32]
"""Embeddings as rows, float32, shape (n, dimensions), or one of shape (dimensions,)."""
