"""Layers of Keras files as a graph: installing takes time with their number, whatever their order."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest
from foreign import reconfigured

from impasto.errors import ModelError
from impasto.interop.extra import imported_keras
from impasto.interop.keras_graph import check_calls
from impasto.plugins.registry import registry

MOST_CALLS = 400_000
"""Calls within which a graph is refused: without a limit, Keras would try millions."""


def imported(path):
    return registry().tool("imported-model").import_model(path)


class Calls:
    """Number of calls of functions in Python and C within the block: its work, however busy the machine is."""

    def __enter__(self):
        self.count, self._before = 0, sys.getprofile()
        sys.setprofile(self._counted)
        return self

    def __exit__(self, *_):
        sys.setprofile(self._before)

    def _counted(self, frame, event, argument):
        self.count += event in ("call", "c_call")


def layers(*calls):
    """Layers, each with the layers and calls that each of its own calls takes; the first is the input."""
    found = [{"name": "start", "class_name": "InputLayer", "inbound_nodes": []}]
    for name, taken in calls:
        nodes = [
            {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": [*source, 0]}} for source in one]}
            for one in taken
        ]
        found.append({"name": name, "class_name": "Add", "inbound_nodes": nodes})
    return {"config": {"layers": found}}


def chain(count):
    """Layers one after the other."""
    names = ["start", *(f"x{index}" for index in range(count))]
    return [(name, [[(before, 0)]]) for before, name in pairwise(names)]


def shared(count):
    """One layer behind each of many others."""
    found = []
    for index in range(count):
        found.append((f"x{index}", [[("shared", index - 1) if index else ("start", 0)]]))
    return [*found, ("shared", [[(f"x{index}", 0)] for index in range(count)])]


@pytest.mark.parametrize(
    "calls",
    [
        chain(5000),
        chain(100)[::-1],
        shared(100),
        [("a", [[("start", 0)], [("b", 0)]]), ("b", [[("a", 0)]])],
        [("a", [[("start", 0), ("start", 0)]])],
    ],
    ids=["long", "backwards", "shared", "a layer within its own", "twice the same"],
)
def test_a_graph_that_keras_builds_soon_is_passed(calls):
    check_calls(layers(*calls), "x")


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        (chain(3000)[::-1], "too often"),
        (shared(3000), "too often"),
        ([("a", [[("b", 0)]]), ("b", [[("a", 0)]])], "needs what no layer before it gives"),
        ([("a", [[("a", 0)]])], "needs what no layer before it gives"),
        ([("a", [[("start", 7)]])], "needs what no layer before it gives"),
        ([("a", [[("start", -1)]])], "needs what no layer before it gives"),
        ([("a", [[("nowhere", 0)]])], "needs what no layer before it gives"),
        ([("a", [[("start", "0")]])], "which is no output"),
        ([("a", [[(["start"], 0)]])], "which is no output"),
        ([("a", [[("start", 0)]]), ("a", [[("start", 0)]])], "a name or a place of its own"),
    ],
)
def test_a_graph_that_keras_builds_late_or_never_is_refused_at_once(calls, reason):
    with Calls() as counted, pytest.raises(ModelError, match=reason):
        check_calls(layers(*calls), "x")
    assert counted.count < MOST_CALLS


def test_a_layer_may_be_used_again_and_stand_in_any_order(tmp_path):
    keras = imported_keras()
    noise, again = keras.Input((None, None, 4)), keras.layers.LeakyReLU()
    x = again(keras.layers.Conv2D(5, 1)(again(keras.layers.Conv2D(4, 1)(noise))))
    model = keras.Model(noise, keras.layers.Conv2D(3, 3, activation="tanh")(x))
    model.save(tmp_path / "x.keras")
    tensors, card = imported(tmp_path / "x.keras")
    assert card["range"] == [-1.0, 1.0]
    turned = imported(reconfigured(tmp_path / "x.keras", lambda config: config["config"]["layers"].reverse()))
    assert turned[1]["range"] == [-1.0, 1.0]  # of the output, not of the layer that is last in the file
    (tmp_path / "kept.keras").write_bytes(np.asarray(tensors["file"]).tobytes())
    given = np.random.default_rng(0).normal(size=(1, 6, 6, 4)).astype("f")
    kept = keras.saving.load_model(tmp_path / "kept.keras")
    np.testing.assert_allclose(*(keras.ops.convert_to_numpy(one(given)) for one in (model, kept)), atol=1e-6)
