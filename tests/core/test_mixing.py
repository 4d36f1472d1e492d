"""Recipes that resemble favourites, by the worker and on the command line."""

import pytest

from impasto import Recipe, Step, more_like, read_maps, read_recipe
from impasto.engine.client import Client
from impasto.errors import ParameterError, ProtocolError

ONE, OTHER = (Recipe((Step("checker", {"squares": count, "width_px": 32, "height_px": 16}),), 3) for count in (2, 30))


def test_the_worker_makes_the_same_recipes(shared_client: Client, misbehaving):
    found = [shared_client.more_like([ONE, OTHER], seed=seed, variety=0.2).wait() for seed in range(4)]
    assert [item.recipe for item in found] == [
        more_like([ONE, OTHER], seed=seed, variety=0.2).recipe for seed in range(4)
    ]
    assert len({item.recipe.steps[0].parameters["squares"] for item in found}) > 1
    locked = shared_client.more_like([ONE, OTHER], locked=["squares"]).wait()
    assert locked.recipe.steps[0].parameters["squares"] == 2
    with pytest.raises(ParameterError, match="0 recipes"):
        shared_client.more_like([]).wait()
    with pytest.raises(ProtocolError, match="variety"):
        shared_client.more_like([ONE], variety="much").wait()  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_command_makes_four_and_says_what_is_wrong(impasto, tmp_path):
    (tmp_path / "one.json").write_text(ONE.to_json())
    made = impasto("run", tmp_path / "one.json", "--name", "one", "--out", tmp_path)
    assert made.returncode == 0, made.stderr
    (tmp_path / "other.json").write_text(OTHER.to_json())
    given = tmp_path / "one_base_color.png", tmp_path / "other.json", "--out", tmp_path, "--name", "more"
    made = impasto("generate", "more-like", *given, "--size", "24x16", "--variety", 0)
    assert made.returncode == 0, made.stderr
    recipes = [read_recipe(tmp_path / f"more_{number}_base_color.png") for number in range(1, 5)]
    squares = [recipe.steps[0].parameters["squares"] for recipe in recipes]
    assert len(set(squares)) > 1
    assert all(2 <= count <= 30 for count in squares)
    assert read_maps(tmp_path / "more_1_base_color.png").size_px == (16, 24)
    assert "the same bytes" in impasto("rerun", tmp_path / "more_2_base_color.png", "--out", tmp_path / "again").stderr
    refused = impasto("generate", "more-like", *given, "--force", "--lock", "square")
    assert (refused.returncode, "squares" in refused.stderr) == (2, True)
