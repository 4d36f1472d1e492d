"""Mutations of detail from exemplars, and of how these and their models' weights are stored."""

from __future__ import annotations

from .mutation import Edit, Mutation

FOLDER, LIBRARY = "plugins/impasto_gan/torus", "core/impasto/library"
TESTS, STORED = "plugins/test_torus_detail.py", "core/test_quantisation.py"

DETAIL = (
    Mutation(
        "detail-without-layout",
        "Pieces are as large as they may be, however closely they should follow.",
        "core/impasto/patches/transfer.py",
        Edit("piece = LARGEST_PIECE ** (1 - strictness) * SMALLEST_PIECE**strictness", "piece = LARGEST_PIECE"),
        (f"{TESTS}::test_pieces_lie_where_the_picture_is_alike_however_faint_it_is",),
    ),
    Mutation(
        "detail-sliders-idle",
        "Sliders do not change what pieces show.",
        f"{FOLDER}/detail.py",
        Edit("if choice.moved is None or not choice.moved.any():", "if choice.moved is not None:"),
        (f"{TESTS}::test_sliders_change_detail_as_they_change_the_models_picture",),
    ),
    Mutation(
        "detail-uneven",
        "What is broad stays as it is, and is seen to repeat.",
        f"{FOLDER}/detail.py",
        Edit("return values - (1 - kept) * (broad", "return values - 0 * (broad"),
        (f"{TESTS}::test_what_is_broad_is_evened_and_fine_detail_is_not",),
    ),
    Mutation(
        "detail-of-grids",
        "The exemplar of tiles is kept, and its pieces break their joints.",
        f"{FOLDER}/train.py",
        Edit("self.parameters.keep_exemplar and not self.model.lattice.is_grid", "self.parameters.keep_exemplar"),
        (
            "plugins/test_torus_lattices.py::test_the_exemplar_of_tiles_is_not_kept_since_pieces_do_not_follow_their_joints",
        ),
    ),
    Mutation(
        "exemplar-of-eight-bits",
        "Heights of an exemplar lose their lower bits.",
        f"{LIBRARY}/exemplars.py",
        Edit("whole % (1 << LOWER_BITS), 0 * whole]", "0 * whole, 0 * whole]"),
        (f"{STORED}::test_every_kind_of_map_comes_back_at_any_size",),
    ),
    Mutation(
        "quantised-by-one-scale",
        "All channels of a weight have the scale of the largest.",
        f"{LIBRARY}/quantisation.py",
        Edit("np.abs(wide.reshape(len(wide), -1)).max(1)", "np.full(len(wide), np.abs(wide).max())"),
        (f"{STORED}::test_each_channel_comes_back_within_half_of_its_own_step",),
    ),
)
