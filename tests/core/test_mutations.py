"""The runner of mutations: it says which no longer apply, whether a test caught one, and by what."""

from pathlib import Path

import pytest
from mutations import __main__ as runner
from mutations.mutation import Edit, Mutation, NotFoundError
from mutations.table import MUTATIONS

TEST = "test_code.py::test_it_adds"


def mutation(old: str = "a + b", new: str = "a - b", test: str = TEST) -> Mutation:
    return Mutation("sum-off", "It does not add.", "code.py", Edit(old, new), (test,))


@pytest.fixture
def root(tmp_path) -> Path:
    """A folder with code, and a test of it."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "code.py").write_text("def add(a, b):\n    return a + b\n")
    (tmp_path / "tests" / "test_code.py").write_text("def test_it_adds():\n    assert True\n")
    return tmp_path


def test_a_mutation_that_no_longer_applies_says_why(root):
    assert runner.why_not(mutation(), root) == ""
    assert (root / "code.py").read_text().endswith("a + b\n"), "the code itself is left alone"
    assert "has 0 times: a * b" in runner.why_not(mutation("a * b"), root)
    assert runner.why_not(mutation(new="a +"), root) != ""
    assert runner.why_not(mutation(test="test_code.py::test_it_subtracts"), root).startswith("there is no test")
    assert runner.why_not(mutation(test="test_other.py::test_it_adds"), root).startswith("there is no test")
    (root / "code.py").unlink()
    assert "code.py" in runner.why_not(mutation(), root)


@pytest.mark.parametrize("old", ["b = 1", "a = 1"])
def test_a_text_that_is_gone_or_there_twice_is_an_error(tmp_path, old):
    (tmp_path / "code.py").write_text("a = 1\na = 1\n")
    with pytest.raises(NotFoundError, match=old):
        Edit(old, "c = 2")(tmp_path / "code.py")


@pytest.mark.parametrize(
    ("failures", "outcome"),
    [
        ({}, runner.NOT_CAUGHT),
        ({TEST: "AssertionError: 1 != 3"}, runner.CAUGHT),
        ({TEST: "NameError: c"}, runner.BROKEN),
        (None, runner.BROKEN),
    ],
    ids=["passed", "asserted", "raised", "ended by nothing"],
)
def test_only_a_failed_assertion_has_caught_it(root, failures, outcome, monkeypatch):
    copy = runner.Checkout(root)
    found = {} if failures is None else {TEST: "", **failures}
    imported = frozenset({str(root / "code.py")})
    monkeypatch.setattr(runner.Checkout, "run", lambda *_, **how: runner.Outcomes(found, imported))
    assert runner.judge(mutation(), copy, runner.Outcomes({TEST: ""}, imported)).outcome == outcome
    assert (root / "code.py").read_text().endswith("a + b\n")
    assert runner.judge(mutation("gone"), copy, runner.Outcomes({TEST: ""}, imported)).outcome == runner.BROKEN
    assert runner.judge(mutation(), copy, runner.Outcomes({TEST: "skipped"}, imported)).outcome == runner.BROKEN


def test_each_has_a_name_of_its_own():
    assert len({one.name for one in MUTATIONS}) == len(MUTATIONS)
