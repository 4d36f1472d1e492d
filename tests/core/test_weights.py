"""The library of weights: published files go in and are recognised, wrong and unsafe ones are refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from published_weights import (
    CLASSIFIER,
    PAGE,
    SEER,
    SHIFTED,
    declare,
    published_file,
    random_tensors,
    saved,
    seer,
    shifted,
    twins,
    weights_library,
)
from safetensors.torch import save, save_file
from torch.nn.functional import conv2d

from impasto import Recipe, RunOptions, Step, run
from impasto.context import Context
from impasto.errors import FileError, ModelError, ParameterError, PluginError
from impasto.io.metadata import source_type
from impasto.library.weights import PublishedFile, check_weights
from impasto.plugins.installation import description
from impasto.plugins.registry import registry
from impasto.recipe import differences
from impasto.tools import Filter

URL = f"{PAGE}/seer-0.pth"
TENSORS = random_tensors(SEER | CLASSIFIER)
CONTENT = saved(TENSORS)
GOOD = seer(published_file(CONTENT, URL))


def context() -> Context:
    return Context(weights=weights_library())


@pytest.fixture
def library(monkeypatch, tmp_path):
    """An empty library, and three networks in the catalogue."""
    folder = tmp_path / "library"
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(folder))
    declare(monkeypatch, seer(published_file(CONTENT, URL)), twins(), shifted())
    return folder


@pytest.fixture
def file(tmp_path):
    """Write a file, and give its path."""

    def write(content: bytes, name: str = "net.pth") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


class TestInstall:
    """Files as they are published, and as users have them."""

    @pytest.mark.parametrize("nested", ["state_dict", "model"])
    def test_old_training_checkpoints_are_read(self, nested, library, file):
        content = saved({nested: TENSORS, "epoch": 3}, _use_new_zipfile_serialization=False)
        installed = weights_library().install([file(content)])
        assert installed.name == "seer"
        assert (installed.is_as_published, installed.source, installed.licence) == (False, "unknown", "unknown")

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
    def test_half_precision_is_kept_and_others_become_single(self, dtype, library, file):
        tensors = {name: tensor.to(dtype) for name, tensor in TENSORS.items()}
        found = weights_library().install([file(save(tensors), "net.safetensors")]).load()
        wanted = np.float16 if dtype == torch.float16 else np.float32
        assert {array.dtype for array in found.values()} == {np.dtype(wanted)}
        assert np.array_equal(
            found["features.0.bias"], tensors["features.0.bias"].to(torch.float32).numpy().astype(wanted)
        )

    def test_another_layout_is_converted(self, library, file):
        tensors = random_tensors(SHIFTED)
        found = weights_library().install([file(saved(tensors))]).load()
        assert np.array_equal(found["only.weight"], tensors["7.weight"].numpy() / 2)
        weights_library().remove("shifted")
        ours = {"only.weight": tensors["7.weight"]}
        assert np.array_equal(weights_library().install([file(save(ours))]).load()["only.weight"], tensors["7.weight"])

    def test_the_same_file_gives_the_same_bytes_also_by_way_of_another_library(self, library, file, tmp_path):
        first = weights_library().install([file(CONTENT)]).path
        again = weights_library(tmp_path / "again").install([file(CONTENT, "renamed.pth")]).path
        carried = weights_library(tmp_path / "carried").install([first])
        assert carried.is_as_published
        assert first.read_bytes() == again.read_bytes() == carried.path.read_bytes()

    def test_the_stated_origin_of_weights_is_kept(self, library, file):
        metadata = {"source": "a conversion", "licence": "CC0-1.0"}
        installed = weights_library().install([file(save(TENSORS, metadata), "net.safetensors")])
        assert (installed.source, installed.licence, installed.is_as_published) == ("a conversion", "CC0-1.0", False)


WRONG = {
    "another network": (
        saved(random_tensors({**SEER, "features.0.weight": (4, 3, 11, 11)})),
        r"net.pth: not the weights of The Seer: features.0.weight should be 4x3x3x3, is 4x3x11x11",
    ),
    "less": (saved({name: TENSORS[name] for name in TENSORS if name != "features.0.bias"}), r"features.0.bias \(4\)"),
    "more": (saved({**TENSORS, "features.4.weight": torch.zeros(2, 2)}), r"also contains features.4.weight \(2x2\)"),
    "unknown": (saved({"head.weight": torch.zeros(3)}), "no network that is known here; it contains head.weight"),
    "truncated": (save(TENSORS)[:-10], "is damaged"),
    "page": (b"<!DOCTYPE html><html>Not found</html>", "not a page or link to it"),
    "nan": (saved({**TENSORS, "features.0.bias": torch.tensor([0, np.nan, 1, 0])}), "does not contain finite numbers"),
    "infinity": (saved({**TENSORS, "features.0.bias": torch.full((4,), np.inf)}), "does not contain finite numbers"),
    "whole numbers": (saved({**TENSORS, "features.0.bias": torch.arange(4)}), "does not contain finite numbers"),
    "no tensors": (saved({"epoch": 3}), "contains no tensors"),
}


class TestRefused:
    """Files that are refused, and the messages."""

    def refused(self, files, match, name="", kind=ModelError):
        with pytest.raises(kind, match=match) as refusal:
            weights_library().install(files, name)
        assert refusal.value.remedy
        assert not weights_library().is_installed(name or "seer")

    @pytest.mark.parametrize("case", WRONG)
    def test_weights_of_another_network_are_refused(self, case, library, file):
        content, said = WRONG[case]
        self.refused([file(content)], said)

    def test_missing_files_and_unknown_names_are_refused(self, library, file, tmp_path):
        self.refused([tmp_path / "nowhere.pth"], "cannot read .*nowhere.pth: No such file", kind=FileError)
        with pytest.raises(ParameterError, match="no weights called 'vgg'; choose from seer, shifted, twins"):
            weights_library().install([file(CONTENT)], "vgg")

    def test_one_of_several_files(self, library, file):
        hand = random_tensors({"conv1.bias": (1,), "conv2.bias": (2,)})
        self.refused([file(saved(hand))], r"it lacks eye.conv1.bias.*get the 2 files that", "twins")

    def test_installed_weights_stay_unless_they_are_damaged(self, library, file):
        path = weights_library().install([file(CONTENT)]).path
        with pytest.raises(ModelError, match="installed already; `impasto weights remove seer` first"):
            weights_library().install([file(CONTENT)])
        path.write_bytes(path.read_bytes()[:-1])
        assert weights_library().install([file(CONTENT)]).is_as_published


class TestLibrary:
    """The library as tools, hosts and recipes use it."""

    def test_missing_weights_come_with_instructions(self, library):
        with pytest.raises(ModelError) as missing:
            context().load_weights("seer")
        assert missing.value.message == f"the weights seer are not installed in {library}"
        assert missing.value.remedy == (
            "`impasto weights download seer` fetches them (0 MiB, MIT); without a connection, "
            "`impasto weights install seer-0.pth` takes them from this computer"
        )
        with pytest.raises(ModelError, match=r"files that `impasto weights show twins` names \(CC0-1.0\), then"):
            context().load_weights("twins")

    def test_the_first_that_is_installed_is_found(self, library, file):
        assert context().find_weights(["twins", "seer"]) is None
        weights_library().install([file(CONTENT)])
        assert context().find_weights(["twins", "seer", "shifted"]) == "seer"
        (library / "twins.safetensors").write_bytes(b"damaged")
        assert context().find_weights(["twins", "seer"]) == "seer"

    def test_a_damaged_or_foreign_file_is_never_loaded(self, library):
        library.mkdir()
        weights_library().path("seer").write_bytes(b"damaged")
        with pytest.raises(ModelError, match=r"seer.safetensors are damaged.*`impasto weights remove seer`, then"):
            context().load_weights("seer")
        save_file({"features.0.weight": torch.zeros(1)}, weights_library().path("seer"))
        with pytest.raises(ModelError, match=r"does not contain The Seer: features.0.weight should be 4x3x3x3, is 1"):
            context().load_weights("seer")

    def test_the_recipe_holds_the_hash_and_a_rerun_sees_another(self, library, file, monkeypatch, photo):
        class Seeing(Filter):
            name, label, description = "seeing", "Seeing", "Looks at the picture"

            def apply(self, subject, parameters, inputs, context):
                context.load_weights("seer")
                return subject

        known = replace(registry(), tools={"seeing": Seeing()})
        monkeypatch.setattr("impasto.running.inputs.registry", lambda: known)
        recipe = Recipe((Step("seeing"),))
        installed = weights_library().install([file(CONTENT)])
        first = run(recipe, {"source": photo}).recipe
        assert first.made_with["weights"] == {"seer": installed.sha256()}
        assert "models" not in first.made_with
        assert source_type(first).endswith("compositeWithTrainedAlgorithmicMedia")
        elsewhere = weights_library(library / "other").install([file(saved(random_tensors(SEER, seed=5)))])
        second = run(recipe, {"source": photo}, RunOptions(weights_folder=library / "other")).recipe
        told = f"weights of seer: {installed.sha256()} then, {elsewhere.sha256()} now"
        assert differences(first, second) == [told]

    def test_hosts_read_the_catalogue_with_the_description(self, library, file):
        weights_library().install([file(CONTENT)])
        (library / "twins.safetensors").write_bytes(b"damaged")
        listed = {entry["name"]: entry for entry in description()["weights"]}
        json.dumps(listed)
        assert list(listed) == ["seer", "twins", "shifted"]
        about = {"label": "The Seer", "licence": "MIT", "page": PAGE, "bytes": len(CONTENT), "downloadable": True}
        assert listed["seer"].items() >= (about | {"installed": True, "as_published": True}).items()
        assert listed["twins"].items() >= {"bytes": 0, "downloadable": False, "installed": False}.items()
        assert "damaged" in listed["twins"]["error"]
        assert listed["shifted"]["error"] == ""

    def test_removing_weights_also_removes_partial_downloads(self, library, file):
        path = weights_library().install([file(CONTENT)]).path
        (library / "seer-seer-0.pth.part").write_bytes(b"half")
        (library / "other.txt").write_bytes(b"")
        assert weights_library().remove("seer") == path
        assert [left.name for left in library.iterdir()] == ["other.txt"]
        with pytest.raises(ModelError, match="are not installed"):
            weights_library().remove("seer")


class TestCommand:
    """`impasto weights`."""

    def test_install_show_list_and_remove(self, library, file, said):
        def told(*words: object) -> str:
            return said("weights", *words)[1]

        assert told("install", file(CONTENT)) == f"installed {library / 'seer.safetensors'}\n"
        rows = [line.split() for line in told().splitlines()]
        assert ["seer", "0", "MIT", "installed", "The", "Seer"] in rows
        assert ["twins", "-", "CC0-1.0", "-", "The", "Twins"] in rows
        shown = told("show", "seer")
        assert f"published at {URL}: {len(CONTENT)} bytes, SHA-256 " in shown
        assert f"SHA-256 {weights_library().installed_weights('seer').sha256()}: as published" in shown
        assert f"published at {PAGE}/eye.pth: no hash is published" in told("show", "twins")
        listed = json.loads(told("list", "--json"))
        assert listed == {"folder": str(library), "weights": json.loads(json.dumps(weights_library().catalogue()))}
        files = json.loads(told("show", "seer", "--json"))["files"]
        assert files == [{"url": URL, "sha256": published_file(CONTENT, URL).sha256, "bytes": len(CONTENT)}]
        assert json.loads(told("remove", "seer", "--json")) == {"removed": str(library / "seer.safetensors")}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(GOOD, name="../seer"), "lower-case words"),
        (replace(GOOD, licence=""), "have no licence"),
        (replace(GOOD, files=()), "have no files"),
        (seer(PublishedFile("http://example.com/net.pth", "0" * 64, 9)), "https"),
        (seer(PublishedFile(URL, "0123", 9)), "8 to 64 digits"),
        (seer(PublishedFile(URL, "0" * 64)), "have no size"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_incomplete_declarations_are_refused(wrong, said):
    with pytest.raises(PluginError, match=said):
        check_weights(wrong)
    check_weights(GOOD)


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
