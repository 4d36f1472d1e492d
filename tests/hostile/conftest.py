"""The warm process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

pytest.importorskip("torch", reason="no engine here: run `python build.py test`")

from hostile.warm import Warm


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """The process that reads hostile files, with libraries of its own."""
    folder = tmp_path_factory.mktemp("warm")
    own = {f"IMPASTO_{kind.upper()}": str(folder / kind) for kind in ("models", "weights", "cache")}
    made = Warm(folder, {**os.environ, "OMP_NUM_THREADS": "1", **own})
    yield made
    made.stop()
