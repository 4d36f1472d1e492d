"""The stylizer that repaints at once: its transform, its windows and palette, and that pictures of any size agree.

What holds for all stylizers is tested with them. Published weights are random ones in which colours are handed through.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from impasto.context import Context
from impasto.errors import ModelError
from impasto.plugins.registry import registry
from impasto_style.shared.controls import BUNDLED
from impasto_style.shared.resampling import as_tensor
from impasto_style.shared.statistics import mean_and_covariance
from impasto_style.shared.task import Region, Task
from impasto_style.wct import painting
from impasto_style.wct.coders import LINKS, load_coders
from impasto_style.wct.moments import coloring, raw_moments
from impasto_style.wct.painting import paint
from impasto_style.wct.parameters import DISTILLED, WctParameters

pytestmark = pytest.mark.usefixtures("small_weights")


def picture(name: str, height: int, width: int) -> Tensor:
    """The corner of one of scikit-image's pictures at a third of its size, (1, 3, height, width)."""
    return as_tensor(np.float32(getattr(data, name)()[: 3 * height : 3, : 3 * width : 3] / 255), "cpu")


CAT, SPACE = picture("chelsea", 96, 128), picture("hubble_deep_field", 96, 128)
STYLED = (Region(None, (0.0, 1.0)),)


def task(subject: Tensor = CAT, *styles: Tensor, regions: tuple[Region, ...] = STYLED, **more) -> Task:
    return Task(subject, (subject, *(styles or (SPACE,))), regions, more.pop("start", subject), **more)


def painted(what: Task, seed: int = 0, tile_px: int = 768, how: dict | None = None, **given) -> Tensor:
    """The task, painted; `how` is for the context, the rest are parameters."""
    context = Context(**{"rng": np.random.default_rng(seed), "weights": registry().weights_library(), **(how or {})})
    return paint(what, WctParameters(**given), context, tile_px)


def correlated(seed: int, count: int = 4000) -> Tensor:
    """Features (1, 6, count, 1) with some mean and covariance."""
    random = torch.Generator().manual_seed(seed)
    A = torch.eye(6) + 0.3 * torch.randn(6, 6, generator=random)
    return (A @ torch.randn(6, count, generator=random) + torch.randn(6, 1, generator=random))[None, ..., None]


def gaussian_of(F: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance of features."""
    return mean_and_covariance(raw_moments(F))


def test_coloured_features_have_the_styles_mean_and_covariance():
    content, style = correlated(0), correlated(1)
    A, b = coloring(raw_moments(content), raw_moments(style))
    mean, covariance = gaussian_of(torch.einsum("ij,bjhw->bihw", A, content) + b[:, None, None])
    wanted_mean, wanted_covariance = gaussian_of(style)
    assert torch.allclose(mean, wanted_mean, atol=1e-4)
    # the ridge is a thousandth of the mean variance, and the smallest variance here about a hundredth
    assert (covariance - wanted_covariance).norm() < 0.01 * wanted_covariance.norm()


def test_features_that_do_not_vary_become_the_styles_mean():
    style = correlated(1)
    A, b = coloring(raw_moments(torch.ones(1, 6, 9, 9)), raw_moments(style))
    assert torch.allclose(A @ torch.ones(6) + b, gaussian_of(style)[0].float(), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", LINKS)
@pytest.mark.parametrize("size", [(96, 128), (91, 117)], ids=str)
@pytest.mark.parametrize("seamless", [False, True])
def test_tiles_make_the_same_picture(backbone, size, seamless, monkeypatch):
    """In the precision of pictures that are larger than a tile."""
    monkeypatch.setattr(painting, "TILE_PX", 48)
    what = task(CAT[..., : size[0], : size[1]], seamless=seamless)
    whole, tiled = (painted(what, tile_px=tile_px, backbone=backbone) for tile_px in (768, 48))
    assert (tiled - whole).abs().max() <= 8 / 255
    assert (tiled - whole).abs().mean() <= 1 / 255


def test_without_weights_it_says_how_to_get_them(tmp_path):
    with pytest.raises(ModelError, match="vgg19-small"):
        painted(task(), how={"weights": registry().weights_library(tmp_path)}, backbone=DISTILLED)


def test_the_bundled_network_is_used_until_weights_are_installed(tmp_path):
    notes: list[str] = []
    how = {"weights": registry().weights_library(tmp_path), "on_note": notes.append}
    assert torch.equal(painted(task(), how=how), painted(task(), backbone=BUNDLED))
    assert notes == ["the weights vgg19-small are not installed: strokes are rougher than with them"]
    notes.clear()
    installed = {"on_note": notes.append}
    assert torch.equal(painted(task(), how=installed), painted(task(), backbone=DISTILLED))
    assert notes == []


def test_trained_decoders_give_back_what_was_encoded():
    for level, coder in load_coders(BUNDLED, Context()).items():
        lost = (coder.decode(coder.encode(CAT)) - CAT).abs().mean()
        assert lost < (0.04 if level < 3 else 0.12), level
