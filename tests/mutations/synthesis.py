"""Mutations of texture synthesis: what quilts, patches and blends keep of a photograph, and what they do not repeat."""

from __future__ import annotations

from .mutation import Edit, Mutation

QUILTING, CANDIDATES = "core/impasto/patches/quilting.py", "core/impasto/patches/candidates.py"
CUTS = "core/impasto/patches/cuts.py"
GUIDANCE = "plugins/impasto_synthesis/patch_synthesis/guidance.py"
BLENDING = "plugins/impasto_synthesis/histogram_blending/blending.py"
QUILT, PATCHES = "plugins/test_quilt.py", "plugins/test_patch_synthesis.py"
GUIDED, BLENDED = "plugins/test_patch_synthesis_guided.py", "plugins/test_histogram_blending.py"

SYNTHESIS = (
    Mutation(
        "quilt-without-variety",
        "A part of the photograph may be used again and again.",
        QUILTING,
        Edit("weight = 1 + self.variety * (", "weight = 1 + 0 * ("),
        (f"{QUILT}::test_variety_avoids_what_was_used",),
    ),
    Mutation(
        "quilt-lines-end",
        "Lines end where blocks meet.",
        QUILTING,
        Edit("self._off_line(corner, differences.shape)", "0 * self._off_line(corner, differences.shape)"),
        (f"{QUILT}::test_joints_between_boards_of_uneven_widths_do_not_end",),
    ),
    Mutation(
        "cuts-straight",
        "Blocks are cut along the middle of where they overlap.",
        CUTS,
        Edit("np.arange(width) >= path[0][:, None]", "np.arange(width) >= 0 * path[0][:, None] + width // 2"),
        (f"{QUILT}::test_a_cut_follows_what_differs_least",),
    ),
    Mutation(
        "similar-nearby",
        "Pixels that look alike are neighbours.",
        CANDIDATES,
        Edit("torch.maximum(down, along) < apart", "torch.maximum(down, along) < 0"),
        (f"{PATCHES}::test_similar_places_look_alike_and_lie_apart",),
    ),
    Mutation(
        "patches-unguided",
        "Labels have no effect.",
        GUIDANCE,
        Edit("torch.cat([part.given for part in parts])", "0 * torch.cat([part.given for part in parts])"),
        (f"{GUIDED}::test_labels_are_followed_where_the_guide_has_them",),
    ),
    Mutation(
        "blend-loses-contrast",
        "Pieces that meet are averaged.",
        BLENDING,
        Edit("squares[inside].addcmul_(weights, weights)", "squares[inside].add_(weights)"),
        (f"{BLENDED}::test_colours_and_contrast_are_kept_and_borders_meet",),
    ),
)
