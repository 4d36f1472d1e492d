"""Every hostile file, for everything that reads its kind: one sentence, in time, in little memory, nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hostile.corpus import MAX_MIB, Case, cases
from hostile.warm import Warm
from impasto.errors import Cancelled, ImpastoError

CODES = {kind.exit_code for kind in ImpastoError.__subclasses__()} | {Cancelled.exit_code}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    slow = {True: (pytest.mark.slow,), False: ()}
    metafunc.parametrize("case", [pytest.param(case, id=case.id, marks=slow[case.is_slow]) for case in cases()])


@pytest.mark.register("case", 150)
def test_a_hostile_file_is_refused_in_a_sentence(case: Case, warm: Warm, tmp_path: Path) -> None:
    folder, out = tmp_path / "folder", tmp_path / "out"
    folder.mkdir()
    file = folder / f"hostile{case.corpus.suffix}"
    case.make(file)
    before = contents(tmp_path)
    if case.is_slow:  # as large as may be: what earlier files left in the process is not its own
        warm.stop()
    answer = warm.read(asked(case, file, out), case.reader.limit_s)
    assert answer is not None, f"no answer within {case.reader.limit_s:g} s, or the process died"
    assert not answer.trace, answer.trace
    assert "Traceback" not in answer.err
    assert not answer.err.startswith("usage:"), "the reader's own arguments are wrong"
    assert answer.peak_mib < MAX_MIB
    allowed = {0} if case.name in case.corpus.harmless or case.reader.may_accept else set()
    expected = {0} if case.name in case.corpus.good else CODES | allowed
    assert answer.code in expected, (answer.code, answer.out, answer.err)
    assert not CONTROL.search(answer.out + answer.err), answer.err
    if answer.code:
        said = [line for line in answer.err.splitlines() if line.startswith("impasto")]
        assert len(said) == 1, answer.err
        assert len(answer.err) < case.corpus.most_characters, answer.err
    after = {path: size for path, size in contents(tmp_path).items() if not path.is_relative_to(out)}
    assert after == before
    assert not [path for path in contents(tmp_path) if ".part" in path.suffixes]


def asked(case: Case, file: Path, out: Path) -> dict[str, object]:
    def filled(text: str) -> str:
        return text.replace("{file}", str(file)).replace("{folder}", str(file.parent)).replace("{out}", str(out))

    reader = case.reader
    return {
        "command": [filled(part) for part in reader.command],
        "function": reader.function,
        "environment": {name: filled(value) for name, value in reader.environment.items()},
        "file": str(file),
        "out": str(out),
    }


def contents(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_size for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
