"""Everything that a torus generator is told shows in its results: noise of every kind, class, phase, sliders."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from test_every_training import KINDS, take_step
from test_shipped_models import FOLDER, NAMES

from impasto.context import Context
from impasto.library.models import ModelLibrary, read_model
from impasto.patterns.lattice import Lattice, full_region
from impasto_gan.torus.conditioning import Conditioning, phase_channels
from impasto_gan.torus.generate import GLOBAL_STREAM, Choice, Synthesis
from impasto_gan.torus.model import TorusModel, load_torus
from impasto_gan.torus.network import BROAD_STREAM, GRID_STREAM
from impasto_gan.torus.sliders import PICTURE_PX, REACH, TESTED_WITH, _measure

SIDE = 256


@cache
def bundled(is_regular: bool) -> TorusModel:
    """The first bundled model, by name, of a material that is regular or is not."""
    cards = {name: read_model(FOLDER / f"{name}.safetensors").card for name in NAMES}
    name = next(name for name, card in cards.items() if bool(card["lattice"]["wave_vectors"]) == is_regular)
    return load_torus(name, Context(models=ModelLibrary(FOLDER)))


def picture(model: TorusModel, **choice) -> torch.Tensor:
    with torch.inference_mode():
        return Synthesis(model, Choice((SIDE, SIDE), seed=5, **choice)).maps(full_region((SIDE, SIDE)))


def test_every_source_of_noise_shows(monkeypatch):
    model, drawn = bundled(False), Synthesis.noise
    usual = picture(model)
    for silent in (GLOBAL_STREAM, BROAD_STREAM, GRID_STREAM, *range(len(model.network.stages))):
        with monkeypatch.context() as patch:
            patch.setattr(
                Synthesis,
                "noise",
                lambda self, stream, *where, silent=silent: drawn(self, stream, *where) * (stream != silent),
            )
            assert (picture(model) - usual).abs().max() > 1e-3, silent


def test_without_variation_a_layout_has_no_shapes():
    model = bundled(False)
    broad = [
        float(torch.nn.functional.avg_pool2d(picture(model, variation=value), 32).std((1, 2)).mean())
        for value in (1.0, 0.0)
    ]
    assert broad[1] < 0.9 * broad[0]


def test_phases_are_those_of_the_lattice():
    lattice = Lattice(torch.tensor([[1 / 32, 0.0], [0.0, 1 / 16]]))
    told = Conditioning(lattice, (64, 64), None, "cpu")(full_region((64, 64)))
    phases = told[0]
    assert len(phases) == phase_channels(lattice)
    assert torch.allclose(phases.roll((32, 16), (1, 2)), phases, atol=1e-4)
    assert (phases.roll(16, 1) - phases).abs().max() > 1.9
    assert (phases.roll(8, 2) - phases).abs().max() > 1.9


def test_a_class_is_the_same_for_both_networks():
    """In every batch, the rows of both embeddings that learn are those of the same classes."""
    training = KINDS["torus"].at_work()
    seen = set()
    for _ in range(6):
        take_step(training)
        rows = []
        for network in (training.networks["generator"].network, *training.discriminators.by_scale.values()):
            rows.append(tuple(network.classes.weight.grad.abs().amax(1).gt(0).tolist()))
        assert len(set(rows)) == 1, rows
        seen.update(rows)
    assert seen - {(True, True)}  # else this says nothing


@pytest.mark.parametrize("is_regular", [False, True], ids=["any", "regular"])
def test_sliders_of_bundled_models_raise_what_their_cards_say(is_regular):
    """The strongest, on one of the pictures with which it was tested when it was found."""
    model = bundled(is_regular)
    name, size = model.card.sliders[0]["name"], (PICTURE_PX, PICTURE_PX)
    found = []
    with torch.inference_mode():
        for at in (-REACH, REACH):
            moved = at * model.sliders[0].cpu()
            found.append(_measure(Synthesis(model, Choice(size, TESTED_WITH[0], moved=moved)))[name])
    assert found[1] > found[0]
