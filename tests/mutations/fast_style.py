"""Mutations of fast styles: what the network sees, what it learns from, and how a training goes on."""

from __future__ import annotations

from .mutation import Edit, Mutation

FOLDER = "plugins/impasto_style/fast"
NETWORK, TRAIN, LOSSES = f"{FOLDER}/network.py", f"{FOLDER}/train.py", f"{FOLDER}/losses.py"
TESTS = "plugins/test_fast_style.py"

FAST_STYLE = (
    Mutation(
        "fast-style-borders",
        "Borders that tile are padded by reflection.",
        NETWORK,
        Edit('mode = "circular" if', 'mode = "reflect" if'),
        (f"{TESTS}::test_a_rolled_torus_gives_a_rolled_result",),
    ),
    Mutation(
        "fast-style-narrow-halo",
        "Tiles are cut with less around them than the network sees.",
        NETWORK,
        Edit("STRIDE * (dilation + 1)", "STRIDE * dilation"),
        (f"{TESTS}::test_tiles_make_the_same_picture_as_the_whole",),
    ),
    Mutation(
        "fast-style-detail-kept",
        "The picture's own detail shows through.",
        NETWORK,
        Edit("return without_detail(x, seamless) +", "return x +"),
        (f"{TESTS}::test_detail_is_painted_anew",),
    ),
    Mutation(
        "fast-style-mesh",
        "Noise of single cells, which shows as a mesh of dots.",
        f"{FOLDER}/preparing.py",
        Edit("SIZES = (2, 2, 4, 16)", "SIZES = (1, 1, 4, 16)"),
        (f"{TESTS}::test_noise_has_dots_and_patches",),
    ),
    Mutation(
        "fast-style-no-teacher",
        "The network learns from the pictures instead of the lessons.",
        TRAIN,
        Edit("wanted, before = self.encoder(y),", "y = x\n            wanted, before = self.encoder(y),"),
        (f"{TESTS}::test_it_learns_what_the_teacher_paints",),
    ),
    Mutation(
        "fast-style-forms-fixed",
        "Preservation changes nothing.",
        TRAIN,
        Edit("FORMS_WEIGHT * self.parameters.preservation *", "FORMS_WEIGHT *"),
        (f"{TESTS}::test_forms_are_kept_as_strongly_as_asked_for",),
    ),
    Mutation(
        "fast-style-lost-draws",
        "A lesson that is cancelled costs the random numbers of its step.",
        TRAIN,
        Edit("self.random.set_state(state)", "pass"),
        (f"{TESTS}::test_a_cancelled_lesson_changes_nothing",),
    ),
    Mutation(
        "fast-style-gram-squared",
        "The distance of Gram matrices is squared, and fades when colours fit.",
        LOSSES,
        Edit("return difference.mean() / size.mean()", "return (difference.mean() / size.mean()).square()"),
        (f"{TESTS}::test_losses_are_those_of_their_names",),
    ),
)
