"""Training of the decoders of the bundled encoder: what they learn, and that it is what the package has."""

from __future__ import annotations

import pytest
import torch
from tasks.style_encoder import decoders
from tasks.style_encoder.decoders import StyleDecodersTraining
from tasks.style_encoder.pictures import Picture

from impasto.library.models import load_model, read_model
from impasto.library.tensors import SUFFIX
from impasto_style.shared.architectures import MODELS, bundled_tensors
from impasto_style.shared.controls import BUNDLED
from impasto_style.wct.coders import DECODERS, LINKS

SHIPPED = MODELS / f"{DECODERS}{SUFFIX}"
MOST_BYTES = 2**20


@pytest.fixture
def training(monkeypatch):
    """A training with small crops of a slanted wave in two colours."""
    monkeypatch.setattr(decoders, "CROP_PX", 48)
    monkeypatch.setattr(decoders, "BATCH", 2)
    rows, columns = torch.meshgrid(torch.arange(120), torch.arange(150), indexing="ij")
    wave = 127 + 100 * torch.sin((rows + 2 * columns) / 9)
    pixels = torch.stack([wave, 255 - wave, 0.5 * wave]).to(torch.uint8)
    encoder = {name: torch.from_numpy(array).float() for name, array in bundled_tensors().items()}
    return StyleDecodersTraining([Picture(pixels, "")], encoder, 100, 0)


def test_every_level_learns(training):
    rows = [{name: float(loss) for name, loss in training.step().items()} for _ in range(50)]  # crops differ widely
    assert rows[0].keys() == {f"level {level}" for level in range(1, len(LINKS[BUNDLED]) + 1)}
    for name in rows[0]:
        first, last = (sum(row[name] for row in some) for some in (rows[:5], rows[-5:]))
        assert last < first, name


def test_the_package_has_what_is_trained(training):
    shipped = load_model(read_model(SHIPPED))
    assert {name: tensor.shape for name, tensor in training.shipped().items()} == {
        name: array.shape for name, array in shipped.items()
    }
    assert SHIPPED.stat().st_size < MOST_BYTES
