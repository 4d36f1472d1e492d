"""Phrases of StackGAN: what it hears in them, and captions of drawn and of measured materials."""

import numpy as np
import pytest

from impasto import Maps
from impasto_phrase.stackgan.captions import captions_of, color_name, facts_of, states_of
from impasto_phrase.stackgan.encoder import BUCKETS, features_of, usual_slots


def test_features_are_the_same_on_every_machine():
    features = features_of("red", ())
    assert np.flatnonzero(features).tolist() == [977, 2885, 3528, 3736, 3983]
    assert features.shape == (BUCKETS,)


def test_both_languages_say_the_same_slots():
    slots = usual_slots()
    english, chinese = (features_of(text, slots)[BUCKETS:] for text in ("wet red brick wall", "湿的红色砖墙"))
    assert np.array_equal(english, chinese)
    assert english[slots.index("material=bricks")] == 1
    assert english[slots.index("wetness")] == pytest.approx(0.6)
    dark, light = (features_of(f"{shade} #446688 tiles", slots)[BUCKETS:] for shade in ("dark", "light"))
    assert dark[slots.index("color.L")] < light[slots.index("color.L")] - 0.3


def test_contradictory_and_unknown_texts_have_features_of_their_letters_alone():
    for text in ("glossy matte tiles", "ein Schwein", "🎉"):
        features = features_of(text, usual_slots())
        assert not features[BUCKETS:].any()
    assert not features.any()


def test_captions_of_our_own_say_what_is_there(tmp_path):
    """Each caption of a drawn set is read as its material; a real set has its class, its colour and its gloss."""
    from impasto.cli.main import main
    from impasto.data.dataset import read_dataset
    from impasto_phrase.matcher import read_phrase

    size = ("--side-px", "64")
    main(["captions", "draw", "--materials", "bricks", "grass", "--count", "2", *size, "--out", str(tmp_path)])
    samples = read_dataset(tmp_path, smallest_px=64).samples
    assert len(samples) == 4
    for sample in samples:
        assert len(set(sample.captions)) == len(sample.captions) > 3
        for caption in sample.captions:
            reading = read_phrase(caption)
            assert (reading.material, reading.unknown) == (sample.label, [])
    assert any(read_phrase(text).slots.get("color", "").startswith("#") for one in samples for text in one.captions)


def test_names_of_sets_say_their_state():
    assert states_of("bark_cgb_mossy_bark_02") == {"moss": "some"}
    assert states_of("wood_weathered_brown_planks") == {"wear": "some"}
    assert states_of("bricks059") == {}


def test_facts_are_measured():
    red = Maps.from_arrays(
        {"base_color": np.full((64, 64, 3), (0.61, 0.18, 0.15)), "roughness": np.full((64, 64), 0.1)}
    )
    facts = facts_of(red, "metal_panel02", {"wetness": "some"})
    assert facts.nouns[0] == ("metal plate", "steel plate", "metal panel", "armour plate")
    assert facts.slots == {"variation": "uniform", "gloss": "glossy", "wetness": "some"}
    assert color_name(facts.color) == "red"
    captions = captions_of(facts, 20, np.random.default_rng(0))
    assert len(set(captions)) == 20
    assert any("wet" in caption for caption in captions)
    assert any("#9c2e26" in caption for caption in captions)
