"""Mutations of fast styles: what the network sees, what it learns from, and how a training goes on."""

from __future__ import annotations

from .mutation import Edit, Mutation

FOLDER = "plugins/impasto_style/fast"
NETWORK, TRAIN = f"{FOLDER}/network.py", f"{FOLDER}/train.py"
TESTS, TRAINING = "plugins/test_fast_style.py", "plugins/test_fast_style_training.py"

FAST_STYLE = (
    Mutation(
        "fast-style-borders",
        "Borders that tile are padded by reflection.",
        "plugins/impasto_style/shared/encoder.py",
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
        Edit("x, y = self._next_crops()", "x, _ = self._next_crops()\n        y = x"),
        (f"{TRAINING}::test_it_learns_what_the_teacher_paints",),
    ),
    Mutation(
        "fast-style-preservation-lost",
        "Preservation changes nothing.",
        f"{FOLDER}/data.py",
        Edit('"preservation": chosen.preservation', '"preservation": 1.0'),
        (f"{TRAINING}::test_shapes_are_kept_as_the_teacher_is_asked_to",),
    ),
    Mutation(
        "fast-style-glued",
        "Coherence asks paint to stay where it is on the screen.",
        f"{FOLDER}/coherence.py",
        Edit("after - motion.of(before)", "after - before"),
        (f"{TRAINING}::test_paint_that_moves_with_the_picture_is_coherent_and_paint_on_the_screen_is_not",),
    ),
    Mutation(
        "fast-style-coherence-unasked",
        "Coherence is measured and not learned.",
        TRAIN,
        Edit("= self.parameters.coherence * self._incoherence(x, x_hat)", "= self._incoherence(x, x_hat).detach()"),
        (f"{TRAINING}::test_a_coherent_painter_heeds_the_picture_more_than_the_noise",),
    ),
    Mutation(
        "fast-style-no-discriminator",
        "The discriminator learns, and the painter does not learn from it.",
        TRAIN,
        Edit('"painter": relativistic_loss(of_painter - of_teacher),', '"painter": x_hat.new_zeros(()),'),
        (f"{TRAINING}::test_the_painter_is_taught_by_the_discriminator",),
    ),
    Mutation(
        "fast-style-discriminator-reversed",
        "The discriminator prefers the painter's.",
        TRAIN,
        Edit("relativistic_loss(of_teacher - of_painter)", "relativistic_loss(of_painter - of_teacher)"),
        (f"{TRAINING}::test_the_discriminator_learns_to_tell_the_teachers_strokes",),
    ),
    Mutation(
        "fast-style-upright",
        "Lessons are always seen upright.",
        f"{FOLDER}/data.py",
        Edit("_draw(4, random)", "_draw(1, random)"),
        (f"{TRAINING}::test_lessons_are_turned_and_mirrored_with_what_is_painted",),
    ),
    Mutation(
        "fast-style-lost-draws",
        "A lesson that is cancelled costs the random numbers of its step.",
        TRAIN,
        Edit("self.random.set_state(state)", "pass"),
        (f"{TRAINING}::test_a_cancelled_lesson_changes_nothing",),
    ),
)
