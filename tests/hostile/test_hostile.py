"""Every hostile file, for everything that reads its kind: one sentence, in time, in little memory, nothing written."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from forking import Done, ForkedCommand

from hostile.corpus import MAX_MIB, Case, cases
from impasto.errors import Cancelled, ImpastoError

CODES = {kind.exit_code for kind in ImpastoError.__subclasses__()} | {Cancelled.exit_code}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    slow = {True: (pytest.mark.slow,), False: ()}
    metafunc.parametrize("case", [pytest.param(case, id=case.id, marks=slow[case.is_slow]) for case in cases()])


@pytest.mark.register("case", 60)
def test_a_hostile_file_is_refused_in_a_sentence(case: Case, forked: ForkedCommand, tmp_path: Path) -> None:
    folder, out = tmp_path / "folder", tmp_path / "out"
    folder.mkdir()
    file = folder / f"hostile{case.corpus.suffix}"
    case.make(file)
    before = contents(tmp_path)
    answer = read(case, forked, file, out)
    assert answer.returncode != -signal.SIGKILL, f"no answer within {case.reader.limit_s:g} s, or the process died"
    assert "Traceback" not in answer.stderr, answer.stderr
    assert not answer.stderr.startswith("usage:"), "the reader's own arguments are wrong"
    assert answer.peak_mib < MAX_MIB
    allowed = {0} if case.name in case.corpus.harmless or case.reader.may_accept else set()
    expected = {0} if case.name in case.corpus.good else CODES | allowed
    assert answer.returncode in expected, (answer.returncode, answer.stdout, answer.stderr)
    assert not CONTROL.search(answer.stdout + answer.stderr), answer.stderr
    if answer.returncode:
        said = [line for line in answer.stderr.splitlines() if line.startswith("impasto")]
        assert len(said) == 1, answer.stderr
        assert len(answer.stderr) < case.corpus.most_characters, answer.stderr
    after = {path: size for path, size in contents(tmp_path).items() if not path.is_relative_to(out)}
    assert after == before
    assert not [path for path in contents(tmp_path) if {".part", ".set"}.intersection(path.suffixes)]


def read(case: Case, forked: ForkedCommand, file: Path, out: Path) -> Done:
    """The reader of the case, which may allocate 6 GiB: it fails before the machine does."""

    def filled(text: str) -> str:
        return text.replace("{file}", str(file)).replace("{folder}", str(file.parent)).replace("{out}", str(out))

    reader = case.reader
    environment = {name: filled(value) for name, value in reader.environment.items()}
    how = {"environment": environment, "limit_s": reader.limit_s, "data_bytes": 6 * 2**30}
    if reader.function:
        return forked.run(reader.function, file, out, module="hostile.reader", **how)
    return forked.run(*map(filled, reader.command), **how)


def contents(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_size for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
