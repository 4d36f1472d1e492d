"""Mutations of the torus generator: terms of its loss, its network, and what it is conditioned on."""

from __future__ import annotations

from .mutation import Edit, Mutation

FOLDER = "plugins/impasto_gan/torus"
TRAIN, NETWORK = f"{FOLDER}/train.py", f"{FOLDER}/network.py"
GENERATE, CONDITIONING, AUGMENTATION = (f"{FOLDER}/{name}.py" for name in ("generate", "conditioning", "augmentation"))
TERMS, PARTS, MADE = (f"plugins/test_torus{name}.py" for name in ("_losses", "_training", ""))
CONDITIONS = "plugins/test_torus_conditions.py"
FAINT = f"{TERMS}::test_faint_detail_counts_in_the_distance_of_patches"

TORUS = (
    Mutation(
        "torus-penalty-off",
        "Nothing holds the discriminators' gradients.",
        TRAIN,
        Edit("GAMMA = 1.0", "GAMMA = 0.0"),
        (f"{TERMS}::test_on_average_over_all_steps_the_penalty_has_its_weight",),
    ),
    Mutation(
        "torus-lazy-factor-forgotten",
        "Penalties at every fourth step weigh a fourth in all.",
        TRAIN,
        Edit("loss = loss + PENALTY_EVERY * GAMMA *", "loss = loss + GAMMA *"),
        (f"{TERMS}::test_on_average_over_all_steps_the_penalty_has_its_weight",),
    ),
    Mutation(
        "torus-penalty-once",
        "Only the first step has a penalty.",
        TRAIN,
        Edit("if self.done % PENALTY_EVERY == 0:", "if self.done < 0:"),
        (f"{TERMS}::test_on_average_over_all_steps_the_penalty_has_its_weight",),
    ),
    Mutation(
        "torus-swd-off",
        "No distance of patches is minimised.",
        TRAIN,
        Edit("SWD_WEIGHT = 2.0", "SWD_WEIGHT = 0.0"),
        (f"{TERMS}::test_without_discriminators_patches_still_come_closer_to_the_data",),
    ),
    Mutation(
        "torus-swd-once",
        "Only the first step compares patches.",
        TRAIN,
        Edit("if self.done % SWD_EVERY == 0:", "if self.done < 1:"),
        (f"{TERMS}::test_without_discriminators_patches_still_come_closer_to_the_data",),
    ),
    Mutation(
        "torus-swd-without-fine-levels",
        "Pictures at full resolution are compared whole, not by their frequency bands.",
        TRAIN,
        Edit('"fine": 2}', '"fine": 0}'),
        (f"{FAINT}[fine]",),
    ),
    Mutation(
        "torus-swd-without-coarse-levels",
        "Coarse pictures are compared whole, not by their frequency bands.",
        TRAIN,
        Edit('{"coarse": 3,', '{"coarse": 0,'),
        (f"{FAINT}[coarse]",),
    ),
    Mutation(
        "torus-phase-off",
        "Joints may stand at any phase: the weight of the phase statistics is zero.",
        TRAIN,
        Edit("PHASE_WEIGHT = 10.0", "PHASE_WEIGHT = 0.0"),
        (f"{TERMS}::test_phases_count_in_the_loss_of_a_regular_material",),
    ),
    Mutation(
        "torus-checkerboard-off",
        "Nothing speaks against the grid of the upsampling.",
        TRAIN,
        Edit("CHECKERBOARD_WEIGHT = 10.0", "CHECKERBOARD_WEIGHT = 0.0"),
        (f"{TERMS}::test_training_removes_checkerboards_that_discriminators_do_not_see",),
    ),
    Mutation(
        "torus-checkerboard-energy-alone",
        "Only the energy of positions in the grid is compared, not how alike neighbours are.",
        f"{FOLDER}/checkerboards.py",
        Edit("LAGS = ((0, 0), (0, 1), (1, 0), (1, 1), (1, -1))", "LAGS = ((0, 0),)"),
        (f"{TERMS}::test_checkerboards_are_told_from_textures_without_a_grid",),
    ),
    Mutation(
        "torus-augmentation-fixed",
        "The augmentation does not follow how sure the discriminators are.",
        TRAIN,
        Edit(
            "            self.discriminators.augmentation.adapt(real_logits.detach(), fake_logits.detach())\n",
            "",
        ),
        (f"{TERMS}::test_augmentation_becomes_rarer_where_the_discriminators_are_not_sure",),
    ),
    Mutation(
        "torus-augmentation-always-on",
        "Pictures are augmented even while the probability is 0.",
        AUGMENTATION,
        Edit("p = float(self.probability)", "p = 0.5"),
        (f"{PARTS}::test_what_the_discriminator_sees_is_changed_more_often_the_surer_it_is",),
    ),
    Mutation(
        "torus-mirrored-slopes",
        "Mirroring keeps the sign of slopes, which then contradict their height.",
        AUGMENTATION,
        Edit("= 1 - 2 * mirrored", "= 1 - 0 * mirrored"),
        (f"{PARTS}::test_mirrored_slopes_are_those_of_the_mirrored_height",),
    ),
    Mutation(
        "torus-discriminator-ignores-classes",
        "A picture of any class passes for any other.",
        f"{FOLDER}/discriminator.py",
        Edit("labels if self.has_classes else None", "None"),
        (f"{TERMS}::test_classes_reach_both_networks[discriminators]",),
    ),
    Mutation(
        "projection-dropped",
        "The patch discriminator does not look whether a picture fits its class.",
        "core/impasto/training/layers.py",
        Edit("            logits = logits + (features", "            logits = logits + 0 * (features"),
        (f"{TERMS}::test_classes_reach_both_networks[discriminators]",),
    ),
    Mutation(
        "torus-generator-ignores-classes",
        "The class has no influence on the style.",
        NETWORK,
        Edit("classes @ self.classes.weight]", "0 * classes @ self.classes.weight]"),
        (f"{TERMS}::test_classes_reach_both_networks[generator]",),
    ),
    Mutation(
        "torus-classes-swapped",
        "The generator is told another class than the discriminators.",
        TRAIN,
        Edit(
            "one_hot(real.labels[rows], self.classes)", "one_hot((self.classes - 1 - real.labels)[rows], self.classes)"
        ),
        (f"{CONDITIONS}::test_a_class_is_the_same_for_both_networks",),
    ),
    Mutation(
        "torus-noise-off",
        "Stages get no noise: nothing but the layout differs between seeds.",
        NETWORK,
        Edit(
            "drawn = noise(index, stage.noise_channels, grown)", "drawn = 0 * noise(index, stage.noise_channels, grown)"
        ),
        (f"{CONDITIONS}::test_every_source_of_noise_shows",),
    ),
    Mutation(
        "torus-latent-off",
        "Pictures of all seeds have the same style.",
        GENERATE,
        Edit(
            "style = self.model.network.style(latent, classes)", "style = self.model.network.style(0 * latent, classes)"
        ),
        (f"{CONDITIONS}::test_every_source_of_noise_shows",),
    ),
    Mutation(
        "torus-variation-off",
        "The layout has its whole variation, whatever was asked for.",
        GENERATE,
        Edit("return self.choice.variation * noise if", "return noise if"),
        (f"{CONDITIONS}::test_without_variation_a_layout_has_no_shapes",),
    ),
    Mutation(
        "torus-zero-padding",
        "Beyond its border a picture goes on with zeros: zero padding on the torus.",
        "core/impasto/regularity/region.py",
        Edit(
            "runs.append(x.narrow(axis, offset, run))",
            "runs.append(x.narrow(axis, offset, run) * (0 <= want < full))",
        ),
        (f"{MADE}::test_no_place_of_the_torus_is_special",),
    ),
    Mutation(
        "torus-phases-off",
        "The network is not told where in a unit cell it is.",
        CONDITIONING,
        Edit(
            "phases = torch.cat([torch.sin(angles), torch.cos(angles)], 1)",
            "phases = torch.cat([0 * angles, 0 * angles], 1)",
        ),
        (f"{CONDITIONS}::test_phases_are_those_of_the_lattice",),
    ),
    Mutation(
        "torus-cells-alike",
        "All unit cells have the same noise.",
        CONDITIONING,
        Edit("second % noise.shape[3]\n", "0 * second\n"),
        (f"{PARTS}::test_each_tile_has_noise_of_its_own",),
    ),
    Mutation(
        "torus-unit-cell-missing",
        "Results hold the residual alone, without the mean unit cell.",
        GENERATE,
        Edit("            values = unit_cell(values,", "            unit_cell(values,"),
        (f"{MADE}::test_joints_are_straight_from_the_start",),
    ),
    Mutation(
        "torus-unit-cell-not-stored",
        "A model keeps the unit cell of the data that it was fine-tuned from.",
        TRAIN,
        Edit("model.unit_cell.load_state_dict(self.data.unit_cell.state_dict())", "model.unit_cell.state_dict()"),
        (f"{PARTS}::test_what_a_training_goes_back_to_has_the_statistics_of_its_data[tiles]",),
    ),
    Mutation(
        "torus-gains-off",
        "Stages do not start with the data's deviations.",
        TRAIN,
        Edit(
            "model.network.set_gains(list(self.band_deviations.flip(0)))",
            "model.network.set_gains(list(0 * self.band_deviations.flip(0) + 1))",
        ),
        (f"{PARTS}::test_what_a_training_goes_back_to_has_the_statistics_of_its_data[any]",),
    ),
    Mutation(
        "sliders-idle",
        "Sliders move nothing.",
        GENERATE,
        Edit(
            "return torch.zeros(self.model.axes) if self.choice.moved is None else self.choice.moved",
            "return torch.zeros(self.model.axes)",
        ),
        (f"{CONDITIONS}::test_sliders_of_bundled_models_raise_what_their_cards_say",),
    ),
    Mutation(
        "sliders-reversed",
        "Sliders lower what their names say.",
        GENERATE,
        Edit(
            "return style + self._axis_shift[:STYLE_CHANNELS].to(style)",
            "return style - self._axis_shift[:STYLE_CHANNELS].to(style)",
        ),
        (f"{CONDITIONS}::test_sliders_of_bundled_models_raise_what_their_cards_say",),
    ),
)
