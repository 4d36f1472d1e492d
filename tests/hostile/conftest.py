"""The process that runs the readers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="no engine here: run `python build.py test`")

from forking import CAN_FORK, ForkedCommand

ACTIONS = ("apply", "batch", "generate", "models", "prepare", "rerun", "run", "seamless", "train", "weights")


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedCommand]:
    """The process whose children read hostile files, with libraries of their own."""
    if not CAN_FORK:
        pytest.skip("each file would need a process that imports everything")
    folder = tmp_path_factory.mktemp("forked")
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("models", "weights", "cache"):
            patch.setenv(f"IMPASTO_{kind.upper()}", str(folder / kind))
        patch.setenv("OMP_NUM_THREADS", "1")
        made = ForkedCommand(sys.executable, folder, *ACTIONS, path=Path(__file__).parents[1])
        yield made
        made.close()
