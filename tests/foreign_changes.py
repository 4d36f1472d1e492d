"""Changes that make the good generators of `foreign` hostile or wrong: Keras configurations and archives, and ONNX."""

import io

import numpy as np


def configured(values):
    """A change of a Keras configuration: values at paths such as "layers.1.config.units"; "" removes what is there."""

    def edit(config):
        for path, value in values.items():
            at, (*parents, last) = config["config"], [int(part) if part.isdigit() else part for part in path.split(".")]
            for part in parents:
                at = at[part]
            if value == "":
                del at[last]
            else:
                at[last] = value

    return edit


huge_layer = configured({"layers.1.config.units": 2**40})


def climbing(parts):
    parts["../../evil.txt"] = b"evil"


def with_assets(parts):
    parts["assets/vocabulary.txt"] = b"evil"


def without_weights(parts):
    del parts["model.weights.h5"]


def bomb(parts):
    parts["config.json"] = b" " * 2**25


def not_json(parts):
    parts["config.json"] = b"{" * 100_000


def other_weights(parts):
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["layers/dense/vars/0"] = np.zeros((3, 3), "f")
    parts["model.weights.h5"] = stream.getvalue()


def linked_weights(parts):
    import h5py

    stream = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(stream, "a") as file:
        del file["layers/dense"]
        file["layers/dense"] = h5py.ExternalLink("/etc/passwd", "/")
    parts["model.weights.h5"] = stream.getvalue()


def changed_weights(change):
    """A change of the parts of an archive: of the open HDF5 file of its weights."""

    def edit(parts):
        import h5py

        stream = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(stream, "a") as file:
            change(file)
        parts["model.weights.h5"] = stream.getvalue()

    return edit


@changed_weights
def renamed_weights(file):
    """As many numbers as before, but where no layer looks for them."""
    file.move("layers/dense/vars/0", "layers/dense/vars/7")


@changed_weights
def transposed_weights(file):
    kernel = file["layers/dense/vars/0"][()]
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = kernel.T


@changed_weights
def weights_linked_often(file):
    """A megabyte, under a thousand names."""
    file["large"] = np.random.default_rng(0).random(2**18, "f")
    for index in range(1000):
        file[f"large{index}"] = file["large"]


@changed_weights
def weights_of_nothing(file):
    """Thousands of arrays that claim just what a small one may, and of which nothing is in the file."""
    for index in range(3000):
        file.create_dataset(f"large{index}", (2**17,), "f")


def weights_of_zeros(parts):
    parts["model.weights.h5"] = bytes(2**25)


def external(onnx, model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")


def own_domain(onnx, model):
    model.graph.node[1].domain = "evil"
    model.opset_import.add(domain="evil", version=1)


def loop(onnx, model):
    model.graph.node[1].op_type = "Loop"


def old(onnx, model):
    model.opset_import[0].version = 3


def claims_terabytes(onnx, model):
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([2**20, 2**20])


def grows(onnx, model):
    """Each operator alone is harmless; together they make a terabyte."""
    scales = onnx.numpy_helper.from_array(np.array([1, 1, 64, 64], "f"), "scales")
    model.graph.initializer.append(scales)
    last = model.graph.node.pop()
    for index, name in enumerate(("x", "x0", "x1", "x2")):
        model.graph.node.append(onnx.helper.make_node("Resize", [name, "", "scales"], [f"x{index}"]))
    model.graph.node.append(onnx.helper.make_node(last.op_type, ["x3"], ["picture"]))


def of_doubles(onnx, model):
    model.graph.input[0].type.tensor_type.elem_type = 11


def other_kernel(onnx, model):
    """Changes that the checker of ONNX passes, and its runtime does not run."""
    next(one for one in model.graph.node[0].attribute if one.name == "kernel_shape").ints[0] = 100


def four_channels(onnx, model):
    weight = onnx.numpy_helper.from_array(np.zeros((4, 5, 4, 4), "f"), "weight")
    model.graph.initializer[0].CopyFrom(weight)
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 5
