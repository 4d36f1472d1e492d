"""Mutations of StackGAN: parts of the paper that are missing."""

from __future__ import annotations

from .mutation import Edit, Mutation

FOLDER = "plugins/impasto_phrase/stackgan"
ONE, TWO, LOSSES, MODEL, TRAIN, ENCODER = (
    f"{FOLDER}/{name}.py" for name in ("stage_one", "stage_two", "losses", "model", "train", "encoder")
)
TESTS, PHRASES = "plugins/test_stackgan.py", "plugins/test_stackgan_phrases.py"
ON_A_TORUS = f"{TESTS}::test_both_stages_are_on_a_torus"
FROZEN = f"{TESTS}::test_stage_one_learns_first_and_is_frozen_while_stage_two_learns"

STACKGAN = (
    Mutation(
        "stackgan-wrong-captions-off",
        "The relativistic discriminator sees no wrong captions.",
        LOSSES,
        Edit(" + relativistic_loss(real_logits - wrong_logits)", ""),
        (f"{TESTS}::test_the_relativistic_losses_have_both_pairs_and_the_penalty",),
    ),
    Mutation(
        "stackgan-textbook-wrong-captions-off",
        "The discriminator of the paper's losses sees no wrong captions.",
        LOSSES,
        Edit("softplus(fake_logits).mean() + softplus(wrong_logits).mean()", "2 * softplus(fake_logits).mean()"),
        (f"{TESTS}::test_the_textbook_losses_are_those_of_the_paper_with_wrong_captions",),
    ),
    Mutation(
        "stackgan-wrong-captions-right",
        "The wrong captions of a batch are the right ones.",
        TRAIN,
        Edit("phi_wrong = self._model().embedding(real.wrong)", "phi_wrong = self._model().embedding(real.right)"),
        (f"{TESTS}::test_the_discriminator_learns_to_tell_wrong_captions",),
    ),
    Mutation(
        "stackgan-kl-off",
        "Nothing holds the conditions of phrases together.",
        TRAIN,
        Edit("adversarial + self.parameters.kl_weight * kl", "adversarial + 0 * kl"),
        (f"{TESTS}::test_the_divergence_holds_the_condition_near_a_standard_normal_one",),
    ),
    Mutation(
        "stackgan-kl-without-variance",
        "The divergence ignores the variance.",
        "core/impasto/training/losses.py",
        Edit("(mu.square() + log_variance.exp() - 1 - log_variance)", "mu.square()"),
        (f"{TESTS}::test_conditioning_augmentation_has_mean_deviation_and_divergence_of_the_paper",),
    ),
    Mutation(
        "stackgan-patches-off",
        "The generator learns by the discriminator alone.",
        TRAIN,
        Edit('            loss_G = loss_G + self.losses.patches * losses["loss_swd"]\n', ""),
        (f"{TESTS}::test_patches_of_the_same_caption_are_learned_from",),
    ),
    Mutation(
        "stackgan-patches-of-any-caption",
        "Patches are compared with those of all pictures of a batch.",
        "core/impasto/training/losses.py",
        Edit("ONE_BY_ONE = Pairing((0, 1)", "ONE_BY_ONE = Pairing((1, 2)"),
        ("plugins/test_torus_losses.py::test_pictures_are_compared_all_with_all_or_one_by_one",),
    ),
    Mutation(
        "stackgan-no-waves",
        "Stage I has noise and convolutions alone.",
        ONE,
        Edit("            modulation = modulation + rows[:, :, :, None] + columns[:, :, None, :]\n", ""),
        (f"{TESTS}::test_the_wave_that_is_chosen_repeats_along_its_axis",),
    ),
    Mutation(
        "stackgan-waves-cut",
        "Waves end where the torus does, in the middle of one.",
        ONE,
        Edit("max(1, round(cycles * self.cells[axis]))", "cycles * self.cells[axis]"),
        (f"{TESTS}::test_waves_fit_the_torus_whatever_its_size_and_show_at_a_period_of_four_pixels",),
    ),
    Mutation(
        "stackgan-no-augmentation",
        "A phrase has one condition, its mean.",
        ONE,
        Edit("mu + (0.5 * log_variance).exp() * epsilon", "mu + 0 * epsilon"),
        (f"{TESTS}::test_conditioning_augmentation_has_mean_deviation_and_divergence_of_the_paper",),
    ),
    Mutation(
        "stackgan-stage-one-not-frozen",
        "Stage I goes on learning while Stage II does.",
        TRAIN,
        Edit("                part.requires_grad_(False)\n", ""),
        (FROZEN,),
    ),
    Mutation(
        "stackgan-stage-one-not-averaged",
        "Stage II refines the last weights of Stage I, not their average.",
        TRAIN,
        Edit("                part.load_state_dict(getattr(self.ema, name).state_dict())\n", ""),
        (FROZEN,),
    ),
    Mutation(
        "stackgan-zero-padding",
        "The levels of both stages pad with zeros.",
        ONE,
        Edit(
            "self.convolution = circular_convolution(inputs, width)",
            "self.convolution = nn.Conv2d(inputs, width, 3, padding=1)",
        ),
        (ON_A_TORUS,),
    ),
    Mutation(
        "stackgan-zero-padding-downsampling",
        "Stage II pads with zeros where it looks at the picture of Stage I.",
        TWO,
        Edit('stride=2, padding=1, padding_mode="circular"', "stride=2, padding=1"),
        (ON_A_TORUS,),
    ),
    Mutation(
        "stackgan-text-ignored",
        "All phrases have one embedding.",
        MODEL,
        Edit(
            "return self.last(leaky_relu(self.joined(x), SLOPE))",
            "return self.last(leaky_relu(self.joined(0 * x), SLOPE))",
        ),
        (f"{TESTS}::test_the_phrase_decides_the_colour",),
    ),
    Mutation(
        "stackgan-random-hash",
        "Words have other features in each process.",
        ENCODER,
        Edit("zlib.crc32(gram.encode()) % BUCKETS", "hash(gram) % BUCKETS"),
        (f"{PHRASES}::test_features_are_the_same_on_every_machine",),
    ),
)
