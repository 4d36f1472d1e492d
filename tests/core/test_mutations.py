"""The table of mutations fits the code: their texts and tests are there, and edits leave valid Python."""

import ast
import shutil

import pytest
from mutations.mutation import ROOT, Edit, Mutation, NotFoundError
from mutations.table import MUTATIONS


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_its_text_is_in_its_file_and_its_tests_exist(mutation: Mutation, tmp_path):
    assert (ROOT / mutation.file).is_file()
    if isinstance(mutation.change, Edit):
        copy = shutil.copy(ROOT / mutation.file, tmp_path)
        mutation.change(tmp_path / (ROOT / mutation.file).name)
        ast.parse((tmp_path / (ROOT / mutation.file).name).read_text(encoding="utf-8"), copy)
    for test in mutation.tests:
        file, name = test.split("[")[0].split("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_each_has_a_name_of_its_own():
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_a_text_that_is_gone_is_an_error(tmp_path):
    (tmp_path / "code.py").write_text("a = 1\na = 1\n")
    for old in ("b = 1", "a = 1"):
        with pytest.raises(NotFoundError, match=old):
            Edit(old, "c = 2")(tmp_path / "code.py")
