"""Mutations of the stylizers: which parts of a style paint which places, and how sharp they stay."""

from __future__ import annotations

from .mutation import Edit, Mutation

GUIDES, MOSAIC = "plugins/impasto_style/patches/guides.py", "plugins/impasto_style/patches/mosaic.py"
REFINING = "plugins/impasto_style/patches/refining.py"
CHOOSING, RECOGNITION = "plugins/impasto_style/kinds/choosing.py", "plugins/impasto_style/kinds/recognition.py"
KINDS = "plugins/test_style_kinds.py"
CODERS = "plugins/impasto_style/wct/coders.py"
TESTS, WCT = "plugins/test_patches_style.py", "plugins/test_wct.py"
USES = "plugins/test_patches_style_use.py"
USE, MATCHING = "plugins/impasto_style/patches/use.py", "plugins/impasto_style/patches/matching.py"
CALM = f"{USES}::test_a_calm_picture_is_painted_with_calm_parts_of_a_style"

STYLE = (
    Mutation(
        "patches-all-of-a-style",
        "A calm picture is painted with all contrasts that the style has.",
        GUIDES,
        Edit("CALM * values + (1 - CALM) * wanted", "wanted"),
        (CALM,),
    ),
    Mutation(
        "patches-all-suited",
        "All parts of a style are used, whether their contrast is wanted or not.",
        USE,
        Edit(".clip(*SUITED)", ".clip(1, 1)"),
        (f"{USES}::test_contrasts_are_suited_by_how_often_they_are_wanted",),
    ),
    Mutation(
        "patches-calm-from-anywhere",
        "A calm place takes busy parts of a style.",
        USE,
        Edit("return contrast <= limits[color]", "return contrast < np.inf"),
        (f"{USES}::test_nothing_of_a_thing_that_a_style_shows_is_in_a_calm_sky",),
    ),
    Mutation(
        "patches-copied",
        "Large connected copies of a style have no price.",
        MATCHING,
        Edit("COPY_PRICE * self.usual_distance", "0 * self.usual_distance"),
        (f"{USES}::test_no_copy_of_the_style_stays_large",),
    ),
    Mutation(
        "patches-repeated",
        "The same spot of a style is used again and again nearby.",
        MATCHING,
        Edit("SPOT_PRICE * self.usual_distance", "0 * self.usual_distance"),
        (f"{USES}::test_no_spot_of_the_style_is_repeated_nearby",),
    ),
    Mutation(
        "patches-not-stopped",
        "Asked to stop, patches go on.",
        "plugins/impasto_style/patches/painting.py",
        Edit("if mosaic and not context.is_stopped()", "if mosaic"),
        ("plugins/test_every_stylizer.py::test_a_stopped_job_keeps_what_is_painted[patches-style]",),
    ),
    Mutation(
        "gatys-not-stopped",
        "Asked to stop, Gatys's method goes on.",
        "plugins/impasto_style/gatys/painting.py",
        Edit("return not progress.context.is_stopped()", "return True"),
        ("plugins/test_every_stylizer.py::test_a_stopped_job_keeps_what_is_painted[gatys]",),
    ),
    Mutation(
        "patches-dull",
        "Detail that blending loses stays lost.",
        MOSAIC,
        Edit(".sqrt().clamp(1, MOST_GAIN)", ".sqrt().clamp(1, 1)"),
        (f"{TESTS}::test_detail_that_was_lost_by_blending_is_restored",),
    ),
    Mutation(
        "patches-across-forms",
        "Strokes do not follow the picture's forms.",
        "plugins/impasto_style/patches/painting.py",
        Edit("ORIENTATION_WEIGHT * orientation(", "0 * orientation("),
        (f"{TESTS}::test_strokes_follow_the_pictures_forms",),
    ),
    Mutation(
        "patches-not-turned-with-views",
        "A turned patch is looked for by the orientation that it had before.",
        "core/impasto/patches/library.py",
        Edit("signs[:2] = -1 if view % 2 else 1", "signs[:2] = 1"),
        (f"{TESTS}::test_orientations_are_turned_as_the_pixels_are",),
    ),
    Mutation(
        "patches-colored-by-refining",
        "Refining changes colours along all axes.",
        REFINING,
        Edit("FIRST_STEP * x.numel() * _color_axes(task.sources)", "FIRST_STEP * x.numel() * torch.eye(3)"),
        (f"{TESTS}::test_a_grey_style_leaves_no_colour",),
    ),
    Mutation(
        "patches-not-refined",
        "Patches are not refined.",
        REFINING,
        Edit("return descent.best", "return x"),
        (f"{TESTS}::test_a_refined_mosaic_has_more_of_the_styles_texture",),
    ),
    Mutation(
        "patches-refined-in-vain",
        "What refines patches is not painted.",
        "plugins/impasto_style/patches/painting.py",
        Edit(" + resized_linear(change, final, task.seamless)", ""),
        (f"{TESTS}::test_what_patches_paint_is_refined",),
    ),
    Mutation(
        "patches-refined-without-forms",
        "Patches are refined without looking at the picture.",
        REFINING,
        Edit("CONTENT_WEIGHT * preservation", "0 * preservation"),
        (f"{TESTS}::test_a_refined_mosaic_takes_the_pictures_forms_the_more_the_more_they_are_to_be_kept",),
    ),
    Mutation(
        "patches-embossed",
        "A refinement brings a relief into calm places.",
        MOSAIC,
        Edit("(MOST_REFINED * before / after).clamp_max(1) * ", ""),
        (f"{TESTS}::test_a_refinement_leaves_calm_places_calm",),
    ),
    Mutation(
        "kinds-by-nothing",
        "Kinds of style are recognised without looking at features.",
        RECOGNITION,
        Edit("self.standardise(values) @ self.weights", "0 * self.standardise(values) @ self.weights"),
        (f"{KINDS}::test_most_new_pictures_are_recognised_and_few_mistaken",),
    ),
    Mutation(
        "kinds-always-sure",
        "A kind is named however unlikely it is.",
        RECOGNITION,
        Edit("probabilities.max() >= model.least and kind != NONE", "kind != NONE"),
        (f"{KINDS}::test_what_lies_at_the_mean_of_all_is_uncertain",),
    ),
    Mutation(
        "kinds-over-what-was-given",
        "Settings of a kind replace those that were given.",
        CHOOSING,
        Edit(" if name not in parameters.model_fields_set", ""),
        (f"{KINDS}::test_a_recognised_kind_sets_what_was_not_given",),
    ),
    Mutation(
        "wct-colors-lost",
        "Decoders of the bundled encoder add their detail to nothing.",
        CODERS,
        Edit("if self.has_colors:\n            x = x +", "if self.has_colors:\n            x = x + 0 *"),
        (f"{WCT}::test_trained_decoders_give_back_what_was_encoded",),
    ),
    Mutation(
        "wct-always-bundled",
        "Published weights are not used, though they are installed.",
        "plugins/impasto_style/shared/architectures.py",
        Edit("if found := context.find_weights(networks):", "if found := context.find_weights(()):"),
        (f"{WCT}::test_the_bundled_network_is_used_until_weights_are_installed",),
    ),
)
