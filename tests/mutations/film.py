"""Mutations of film: what makes paint stay on what it was painted on, and what makes it go."""

from __future__ import annotations

from .mutation import Edit, Mutation

CARRYING, MEMORY, MOTION, SHOT, PASSES = (
    "core/impasto/film/carrying.py",
    "core/impasto/film/memory.py",
    "core/impasto/film/motion.py",
    "core/impasto/film/shot.py",
    "core/impasto/io/passes.py",
)
FILM = "core/test_film.py"

FILMS = (
    Mutation(
        "film-glued",
        "Paint stays where it is on the screen.",
        MOTION,
        Edit("+ self.frame.to_previous", "+ 0 * self.frame.to_previous"),
        (f"{FILM}::test_strokes_move_with_what_they_are_painted_on",),
    ),
    Mutation(
        "film-upside-down",
        "Vectors are read as if rows grew upwards.",
        PASSES,
        Edit("np.stack([-vector[..., 1], vector[..., 0]], -1)", "np.stack([vector[..., 1], vector[..., 0]], -1)"),
        (f"{FILM}::test_vectors_point_upwards_and_rows_down",),
    ),
    Mutation(
        "film-whole-pixels",
        "Places are carried by whole pixels.",
        MOTION,
        Edit("return self.places.clip(0,", "return self.places.round().clip(0,"),
        (f"{FILM}::test_parts_of_a_pixel_add_up",),
    ),
    Mutation(
        "film-no-way-back",
        "What was hidden counts as known.",
        MOTION,
        Edit("inside & consistent & (", "inside & ("),
        (f"{FILM}::test_a_pixel_is_known_if_its_way_leads_there_and_back_on_one_object",),
    ),
    Mutation(
        "film-halos-stay",
        "The halo of an object stays when it has gone.",
        CARRYING,
        Edit("HALO, GONE = 1 / 12, 0.5", "HALO, GONE = 0.0, 0.5"),
        (f"{FILM}::test_the_halo_of_an_object_goes_away_with_it",),
    ),
    Mutation(
        "film-shadows-stay",
        "Paint stays as it is when the light changes.",
        CARRYING,
        Edit("> MOST_CHANGE", "> 9"),
        (f"{FILM}::test_a_shadow_that_passes_is_painted",),
    ),
    Mutation(
        "film-stretched",
        "Strokes are stretched without a limit.",
        CARRYING,
        Edit("MOST_STRETCH = 2.25", "MOST_STRETCH = 1e9"),
        (f"{FILM}::test_strokes_are_painted_anew_before_they_are_half_as_wide_again",),
    ),
    Mutation(
        "film-colours-drift",
        "New paint has colours of its own.",
        "core/impasto/film/blending.py",
        Edit("if known.mean() >= LEAST_OVERLAP:", "if known.mean() >= 2:"),
        (f"{FILM}::test_new_paint_has_the_colours_of_what_is_carried",),
    ),
    Mutation(
        "film-backwards-glued",
        "Paint that is carried backwards goes the way of forwards.",
        SHOT,
        Edit("Motion(frame.reversed, after.reversed)", "Motion(frame, after)"),
        (f"{FILM}::test_keyframes_painted_by_hand_are_carried_both_ways",),
    ),
    Mutation(
        "film-forgetful",
        "What comes back is painted anew.",
        SHOT,
        Edit("                carried.recall(frame, self.moved)\n", ""),
        (f"{FILM}::test_what_comes_back_has_its_paint_again",),
    ),
    Mutation(
        "film-recalled-in-vain",
        "Paint is recalled where there is some from before.",
        CARRYING,
        Edit("(self.number == NONE) & where\n", "(self.number == NONE)\n"),
        (f"{FILM}::test_paint_is_recalled_where_it_is_of_use",),
    ),
    Mutation(
        "film-tested-in-vain",
        "Paint is tested where it is of no use.",
        CARRYING,
        Edit("np.s_[:, :] if where is None else", "np.s_[:, :] if True else"),
        (f"{FILM}::test_paint_is_tested_where_it_is_of_use",),
    ),
    Mutation(
        "film-moving-by-place",
        "What moves is known by its place in the world.",
        MEMORY,
        Edit("shares > MOST_MOVED", "shares > 1"),
        (f"{FILM}::test_what_moves_is_not_known_by_its_place",),
    ),
    Mutation(
        "film-memory-of-whole-pixels",
        "Places are found by whole pixels.",
        MEMORY,
        Edit("pixels + np.stack([rows, columns], -1)", "pixels"),
        (f"{FILM}::test_places_are_found_by_positions_in_parts_of_a_pixel",),
    ),
    Mutation(
        "film-camera-misled",
        "A camera is found once, by all positions.",
        MEMORY,
        Edit("ROUNDS = 4", "ROUNDS = 1"),
        (f"{FILM}::test_some_wrong_positions_do_not_mislead_the_camera",),
    ),
    Mutation(
        "film-blurred-is-warned-of",
        "Frames without vectors in which something moves are painted.",
        "core/impasto/film/preparation.py",
        Edit("and moving_objects(Motion(frame, before))", "and not before"),
        (f"{FILM}::test_frames_that_move_without_vectors_are_refused",),
    ),
    Mutation(
        "film-frames-between-are-written",
        "All frames are painted, whatever their step.",
        SHOT,
        Edit("asked_frames(self.frames, self.frame_step)", "asked_frames(self.frames)"),
        (f"{FILM}::test_every_second_frame_has_the_paint_of_the_one_before_it",),
    ),
    Mutation(
        "film-first-keyframe-only",
        "Between two keyframes, all paint is the first's.",
        SHOT,
        Edit("index / len(numbers) if key in self.keyframes else 0.0", "0.0"),
        (f"{FILM}::test_paint_goes_over_from_one_keyframe_to_the_next",),
    ),
    Mutation(
        "film-light-of-the-keyframe",
        "Paint keeps the light that it was painted in.",
        CARRYING,
        Edit("MOST_CONTRAST, LEAST_VARIANCE = 2.0,", "MOST_CONTRAST, LEAST_VARIANCE = 0.0,"),
        (f"{FILM}::test_paint_follows_the_light",),
    ),
    Mutation(
        "film-wrong-ways-agree",
        "An estimated way counts as known, whatever it leads to.",
        MOTION,
        Edit("UNLIKE_SHARE, UNLIKE = 3.0,", "UNLIKE_SHARE, UNLIKE = 1e9,"),
        (f"{FILM}::test_an_estimated_way_leads_to_what_looks_alike[True]",),
    ),
    Mutation(
        "film-flow-reversed",
        "Estimated motion points the other way.",
        "core/impasto/film/footage.py",
        Edit("method.calc(*grey, None)[..., ::-1]", "-method.calc(*grey, None)[..., ::-1]"),
        ("core/test_footage.py::test_strokes_move_along_estimated_motion",),
    ),
)
