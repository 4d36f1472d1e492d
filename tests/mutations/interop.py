"""Mutations of models for and from other frameworks: their padding, their values, and the checks of foreign files."""

from __future__ import annotations

from .mutation import Edit, Mutation

FOLDER = "core/impasto/interop"
RUNNING = "plugins/impasto_interop/running.py"
IMPORTED, EXPORTED = "plugins/test_imported_models.py", "plugins/test_models_export.py"
OF_KERAS = f"{IMPORTED}::test_a_configuration_with_foreign_or_huge_parts_is_refused_before_keras_opens_it"
OF_ONNX = f"{IMPORTED}::test_a_hostile_or_wrong_onnx_file_is_refused"


INTEROP = (
    Mutation(
        "onnx-padding-mirrored",
        "An exported picture does not wrap: its borders are swapped.",
        f"{FOLDER}/onnx_writer.py",
        Edit(
            'add("Concat", [before, x, after], result, axis=axis)',
            'add("Concat", [after, x, before], result, axis=axis)',
        ),
        (f"{EXPORTED}::test_onnx_runtime_makes_our_picture",),
    ),
    Mutation(
        "keras-padding-mirrored",
        "The same in Keras.",
        f"{FOLDER}/keras_writer.py",
        Edit('name=f"{name}_{axis}")([before, x, after])', 'name=f"{name}_{axis}")([after, x, before])'),
        (f"{EXPORTED}::test_keras_makes_our_picture",),
    ),
    Mutation(
        "onnx-upsampling-shifted",
        "Enlarging by two moves the picture by half a pixel.",
        f"{FOLDER}/onnx_writer.py",
        Edit('coordinate_transformation_mode="half_pixel"', 'coordinate_transformation_mode="asymmetric"'),
        (f"{EXPORTED}::test_onnx_runtime_makes_our_picture",),
    ),
    Mutation(
        "libraries-unconfined",
        "ONNX Runtime reports to its maker, and Keras and PyTorch write beside our folders.",
        "core/impasto/system/libraries.py",
        Edit("os.environ[name] = os.environ.get(name) or value", "pass"),
        ("plugins/test_offline.py::test_no_tool_and_no_library_opens_a_socket_or_writes_outside_our_folders",),
    ),
    Mutation(
        "imported-range-forgotten",
        "Pictures from -1 to 1 are clipped at 0.",
        RUNNING,
        Edit("(made[output].astype(np.float32) - low) / (high - low)", "made[output].astype(np.float32)"),
        (f"{IMPORTED}::test_the_picture_is_that_of_onnx_runtime", f"{IMPORTED}::test_the_picture_is_that_of_keras"),
    ),
    Mutation(
        "imported-axes-turned",
        "Pictures with channels last lie on their side.",
        RUNNING,
        Edit("made.permute(0, 3, 1, 2) if card.channels_last", "made.permute(0, 3, 2, 1) if card.channels_last"),
        (f"{IMPORTED}::test_the_picture_is_that_of_keras",),
    ),
    Mutation(
        "imported-noise-halved",
        "The noise of imported generators has half of its deviation.",
        RUNNING,
        Edit("noise = bilinear_resize(field", "noise = 0.5 * bilinear_resize(field"),
        (f"{IMPORTED}::test_the_picture_is_that_of_onnx_runtime",),
    ),
    Mutation(
        "onnx-other-files-allowed",
        "A file may refer to any file of this computer.",
        f"{FOLDER}/onnx_reader.py",
        Edit("if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):", "if False:"),
        (f"{OF_ONNX}[external-data in other files]",),
    ),
    Mutation(
        "onnx-any-operator",
        "Operators are not compared with the list.",
        f"{FOLDER}/onnx_reader.py",
        Edit('if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:', "if False:"),
        (OF_ONNX,),
    ),
    Mutation(
        "keras-lambda-allowed",
        "Lambda layers are programs, and are no longer named as such.",
        f"{FOLDER}/keras_reader.py",
        Edit('if name == "Lambda" or name == "__lambda__":', "if False:"),
        (OF_KERAS,),
    ),
    Mutation(
        "keras-any-object",
        "Objects are not compared with the list.",
        f"{FOLDER}/keras_reader.py",
        Edit('if not known or value.get("registered_name") not in (None, name):', "if False:"),
        (OF_KERAS,),
    ),
    Mutation(
        "keras-any-part",
        "Parts of an archive with any other name are ignored, not refused.",
        f"{FOLDER}/keras_reader.py",
        Edit(
            "members = archive_members(io.BytesIO(data))",
            "members = [one for one in archive_members(io.BytesIO(data)) if one.filename in MOST_BYTES]",
        ),
        (f"{IMPORTED}::test_a_hostile_archive_is_refused_and_nothing_is_unpacked",),
    ),
)
