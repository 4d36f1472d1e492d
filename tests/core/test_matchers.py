"""Matchers, in this process and on the command line, and recipes that resemble favourites."""

import json

import numpy as np
import pytest
from PIL import Image

from impasto import Maps, Recipe, Step, match, read_maps, read_recipe
from impasto.errors import ParameterError

RED = np.full((8, 8, 3), (1.0, 0.0, 0.0), np.float32)


@pytest.mark.usefixtures("misbehaving")
class TestHere:
    def test_a_text_becomes_a_recipe_that_records_it(self):
        found = match("word-count", "  one  two ", seed=3, size_px=(32, 64))
        assert found.recipe == Recipe(
            (Step("checker", {"squares": 2, "height_px": 32, "width_px": 64}),),
            3,
            matched={"matcher": "word-count", "text": "one two", "notes": "words were counted"},
        )
        assert found.notes == ("words were counted",)
        assert Recipe.from_json(found.recipe.to_json()) == found.recipe

    def test_a_picture_is_recorded_by_name_and_hash(self):
        picture = Maps.from_arrays({"base_color": RED}, name="red.png")
        found = match("mean-color", picture)
        assert found.recipe.steps[0].parameters["color"] == [1.0, 0.0, 0.0]
        assert found.recipe.matched == {"matcher": "mean-color", "name": "red.png", "sha256": picture.sha256()}

    def test_a_change_keeps_the_seed_and_records_both_texts(self):
        first = match("word-count", "one two", seed=5).recipe
        changed = match("word-count", "one more", start=first).recipe
        assert (changed.steps[0].parameters["squares"], changed.seed) == (4, 5)
        assert (changed.matched["text"], changed.matched["notes"]) == ("one two; one more", "words were counted")

    @pytest.mark.parametrize(
        ("name", "subject", "said"),
        [
            ("word-count", " \n", "empty"),
            ("word-count", "word " * 2000, "9,999 characters"),
            ("word-count", "a\0b", "control characters"),
            ("word-count", "\ud800", "not Unicode"),
            ("word-count", Maps.from_arrays({"base_color": RED}), "takes a text"),
            ("mean-color", "red", "takes a picture"),
            ("mean-color", Maps(), "base_color"),
            ("word-cout", "red", "no matcher"),
            ("word-count", "a cat", "no number of squares"),
            ("word-count", "wrong", "squares got 1000"),
        ],
    )
    def test_what_cannot_be_matched_is_refused_with_a_remedy(self, name, subject, said):
        with pytest.raises(ParameterError, match=said) as caught:
            match(name, subject)
        assert caught.value.remedy
        with pytest.raises(ParameterError, match="does not change recipes"):
            match("mean-color", Maps.from_arrays({"base_color": RED}), start=Recipe((Step("checker"),)))


@pytest.mark.slow
def test_the_command_makes_variations_and_changes_them(impasto, tmp_path):
    made = impasto("generate", "word-count", "one two", "--size", "32x16", "--variations", 2, "--out", tmp_path)
    assert made.returncode == 0, made.stderr
    assert "words were counted" in made.stderr
    first, second = (read_recipe(tmp_path / f"one-two_{number}_base_color.png") for number in (1, 2))
    assert (first.seed, second.seed) == (0, 1)
    assert first.matched == {"matcher": "word-count", "text": "one two", "notes": "words were counted"}
    assert read_maps(tmp_path / "one-two_1_base_color.png").size_px == (16, 32)
    given = "--from", tmp_path / "one-two_1_base_color.png", "--name", "more", "--out", tmp_path, "--json"
    changed = impasto("generate", "word-count", "one more", *given)
    assert len(json.loads(changed.stdout)["files"]) > 1
    recipe = read_recipe(tmp_path / "more_base_color.png")
    assert (recipe.steps[0].parameters["squares"], recipe.matched["text"]) == (4, "one two; one more")
    assert read_maps(tmp_path / "more_base_color.png").size_px == (16, 32)
    again = impasto("rerun", tmp_path / "more_base_color.png", "--out", tmp_path / "again")
    assert "the same bytes" in again.stderr


def test_the_command_takes_a_picture(impasto, tmp_path):
    Image.fromarray((RED * 255).astype(np.uint8)).save(tmp_path / "red.png")
    given = "--size", 16, "--width-m", 2.5, "--out", tmp_path
    made = impasto("generate", "mean-color", tmp_path / "red.png", *given)
    assert made.returncode == 0, made.stderr
    assert "the picture is 2.5 m wide" in made.stderr
    assert read_recipe(tmp_path / "red_normal.png").matched["name"] == "red.png"


ONE, OTHER = (Recipe((Step("checker", {"squares": count, "width_px": 32, "height_px": 16}),), 3) for count in (2, 30))


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
