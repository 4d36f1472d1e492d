"""Phrases of StackGAN: what it hears in them, and captions of drawn and of measured materials."""

import numpy as np
import pytest

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
