"""Files as their authors publish them: real weights, and networks that come in several files or layouts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from published_weights import random_tensors, saved, weights_library
from torch.nn.functional import conv2d

from impasto.plugins.registry import registry

SHARED = Path(__file__).parents[3] / "shared" / "data" / "weights"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("squeezenet1_1_features_fp16", "squeezenet"),
        ("wct_vgg19_small16x", "vgg19-small"),
        ("vgg19_normalised_relu3_1_fp16", "vgg19-normalised"),
    ],
)
def test_real_weights_are_recognised(file, name, tmp_path):
    path = SHARED / f"{file}.safetensors"
    if not path.exists():
        pytest.skip(f"needs {path.name} in shared/data/weights")
    installed = weights_library(tmp_path).install([path])
    assert installed.name == name
    assert set(installed.load()) == set(registry().weights[name].shapes)


def test_the_distilled_vgg19_is_put_together_from_its_ten_files(tmp_path):
    weights = registry().weights["vgg19-small"]
    files = []
    for file in weights.files[::-1]:
        own = (name for name in weights.shapes if name.startswith(file.prefix))
        shapes = {name.removeprefix(file.prefix): weights.shapes[name] for name in own}
        extra = {"aux11.weight": (2,)} if "decoder" in file.prefix else {"conv11_aux.weight": (2,)}
        path = tmp_path / file.name
        path.write_bytes(saved({"model": random_tensors(shapes | extra, seed=len(files))}))
        files.append(path)
    installed = weights_library(tmp_path / "library").install(files)
    assert installed.name == "vgg19-small"
    last = torch.load(files[0], weights_only=True)["model"]
    assert np.array_equal(installed.load()["decoder5.conv51.weight"], last["conv51.weight"])


def test_the_normalised_vgg19_sees_the_same_in_both_layouts(tmp_path):
    """Its first convolution, which maps [0, 1] to Caffe's colours, joins the one after it."""
    weights = registry().weights["vgg19-normalised"]
    tensors = random_tensors(weights.conversion.shapes)
    (tmp_path / "net.pth").write_bytes(saved(tensors))
    ours = weights_library(tmp_path).install([tmp_path / "net.pth"]).load()
    picture = torch.rand(1, 3, 9, 9)
    expected = conv2d(picture, tensors["0.weight"], tensors["0.bias"])
    expected = conv2d(expected, tensors["2.weight"], tensors["2.bias"])
    mean, deviation = (torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    first = {kind: torch.from_numpy(ours[f"features.0.{kind}"]) for kind in ("weight", "bias")}
    found = conv2d((picture - mean) / deviation, first["weight"], first["bias"])
    assert torch.allclose(found, expected, atol=1e-4)  # float32 sums of 81 products of size 1
    assert np.array_equal(ours["features.10.weight"], tensors["16.weight"])
