"""Exported models in Keras on TensorFlow: our picture from the same noise. Its environment is TensorFlow's own."""

import os
from importlib.util import find_spec

import pytest

if find_spec("tensorflow") is None:
    pytest.skip("no TensorFlow here: run `python build.py test --all`", allow_module_level=True)
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["IMPASTO_PRECISION"] = "float32"

from exporting import differences, exported, keras_run, reference

CLOSE = 1e-3


@pytest.mark.parametrize(("name", "size"), [("bark", (96, 160)), ("tiles", (224, 192))])
def test_tensorflow_makes_our_picture(name, size, tmp_path):
    import keras

    ours, inputs = reference(name, size)
    made = keras_run(exported(name, "keras", tmp_path), inputs)
    assert keras.backend.backend() == "tensorflow"
    assert max(differences(made, ours).values()) < CLOSE
    _, other = reference(name, size, seed=8)
    assert min(differences(keras_run(tmp_path / f"{name}.keras", other), ours).values()) > 100 * CLOSE
