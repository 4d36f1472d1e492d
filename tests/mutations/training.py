"""Mutations of what all trainings share: the averaged weights, the learning rate, checkpoints, rollback, noise."""

from __future__ import annotations

from .mutation import Edit, Mutation

BASE, LOOP = "core/impasto/training/base.py", "core/impasto/training/loop.py"
MODEL = "core/impasto/training/model.py"
LAYERS, LOSSES = "core/impasto/training/layers.py", "core/impasto/training/losses.py"
EVERY, STATE, LOOPED = "plugins/test_every_training.py", "core/test_training_state.py", "core/test_training.py"

TRAINING = (
    Mutation(
        "ema-off",
        "The averaged weights stay what they were first.",
        BASE,
        Edit("mean.lerp_(weight, 1 - decay)", "mean.lerp_(weight, 0.0)"),
        (f"{EVERY}::test_the_average_follows_its_network[gan]",),
    ),
    Mutation(
        "ema-is-the-network",
        "The averaged weights are those of the last step.",
        BASE,
        Edit("mean.lerp_(weight, 1 - decay)", "mean.copy_(weight)"),
        (f"{EVERY}::test_the_average_follows_its_network[gan]",),
    ),
    Mutation(
        "ema-remembers-the-start",
        "The decay is the final one from the first step on.",
        BASE,
        Edit("decay = min(decay, (1 + self.done) / (10 + self.done))", "decay = max(decay, 0.0)"),
        (f"{EVERY}::test_the_average_follows_its_network[gan]",),
    ),
    Mutation(
        "ema-without-buffers",
        "Batch norm's running statistics are not copied to the average.",
        BASE,
        Edit("            mean.copy_(buffer)", "            mean.add_(0)"),
        (f"{EVERY}::test_the_average_follows_its_network[gan]",),
    ),
    Mutation(
        "network-saved-for-ema",
        "The file holds the weights of the last step instead of the average.",
        MODEL,
        Edit("in training.ema.state_dict().items()", "in training.networks[training.averaged].state_dict().items()"),
        (f"{STATE}::test_the_file_holds_the_average_in_half_precision",),
    ),
    Mutation(
        "half-precision-lost",
        "The file is twice as large.",
        MODEL,
        Edit("value.half() if", "value if"),
        (f"{STATE}::test_the_file_holds_the_average_in_half_precision",),
    ),
    Mutation(
        "autocast-off",
        "A training in bfloat16 computes in float32.",
        BASE,
        Edit('enabled=self.precision == "bfloat16"', "enabled=False"),
        (f"{EVERY}::test_both_networks_run_in_the_precision_of_the_training[gan]",),
    ),
    Mutation(
        "constant-rate",
        "The learning rate never falls.",
        BASE,
        Edit("max(0.0, 2 * fraction - 1)", "0.0"),
        (f"{STATE}::test_the_learning_rate_is_constant_for_half_the_steps_and_then_falls_to_a_tenth",),
    ),
    Mutation(
        "rate-not-used",
        "Optimisers keep their first learning rate.",
        BASE,
        Edit('group["lr"] = rate_scale * self.rate()', 'group["lr"] = rate_scale * self.learning_rate'),
        (f"{STATE}::test_optimisers_step_at_the_rate_of_the_schedule",),
    ),
    Mutation(
        "seed-ignored",
        "The first weights are others at each start.",
        BASE,
        Edit("            torch.manual_seed(self.seed % 2**63)\n", ""),
        (f"{EVERY}::test_the_seed_decides_the_first_weights[gan]",),
    ),
    Mutation(
        "checkpoint-forgets-moments",
        "A resumed training begins with fresh optimisers.",
        BASE,
        Edit('"state": moments}', '"state": {}}'),
        (f"{LOOPED}::test_what_was_cancelled_goes_on_to_the_same_bits",),
    ),
    Mutation(
        "checkpoint-forgets-random-state",
        "A resumed training draws the first noise again.",
        BASE,
        Edit('        self.random.set_state(state["random"])\n', ""),
        (f"{LOOPED}::test_what_was_cancelled_goes_on_to_the_same_bits",),
    ),
    Mutation(
        "checkpoint-forgets-good-weights",
        "After a restart, a rollback leads to the weights of the restart.",
        BASE,
        Edit('self.good[name] = state[f"good.{name}"]', "self.good[name] = value.clone()"),
        (f"{STATE}::test_a_restart_keeps_the_good_weights",),
    ),
    Mutation(
        "checkpoint-forgets-the-rate",
        "A restart undoes that a rollback halved the learning rate.",
        LOOP,
        Edit('training.rate_factor, training.precision = state["rate_factor"], ', "training.precision = "),
        (f"{LOOPED}::test_a_rollback_survives_a_restart",),
    ),
    Mutation(
        "rollback-restores-nothing",
        "A failed training goes on with the weights that failed.",
        BASE,
        Edit("        self.load_good()\n        self.networks", "        self.networks"),
        (f"{STATE}::test_going_back_restores_good_weights_and_begins_anew",),
    ),
    Mutation(
        "rollback-keeps-moments",
        "Optimisers remember the gradients that failed.",
        BASE,
        Edit("            optimizer.state.clear()\n", "            optimizer.state.items()\n"),
        (f"{STATE}::test_going_back_restores_good_weights_and_begins_anew",),
    ),
    Mutation(
        "rollback-at-the-same-rate",
        "A failed training fails again in the same way.",
        BASE,
        Edit("self.rate_factor /= 2", "self.rate_factor /= 1"),
        (f"{STATE}::test_going_back_restores_good_weights_and_begins_anew",),
    ),
    Mutation(
        "no-rollback",
        "Failures are seen, and nothing is done.",
        LOOP,
        Edit("if self.watched and reason:", "if self.watched and not reason and False:"),
        (f"{LOOPED}::test_a_failing_training_goes_back_and_lowers_its_rate[collapsed]",),
    ),
    Mutation(
        "collapse-unseen",
        "Pictures that become alike are no reason to go back.",
        "core/impasto/training/watch.py",
        Edit('if probe["diversity"] < self.least_ratio', 'if probe["diversity"] < -self.least_ratio'),
        (f"{LOOPED}::test_a_failing_training_goes_back_and_lowers_its_rate[collapsed]",),
    ),
    Mutation(
        "zero-padding",
        "Convolutions on a torus see black beyond the border.",
        LAYERS,
        Edit('padding_mode="circular"', 'padding_mode="zeros"'),
        (f"{STATE}::test_convolutions_go_round_the_torus",),
    ),
    Mutation(
        "margins-of-zeros",
        "Margins are black instead of wrapped around.",
        "core/impasto/numerics/borders.py",
        Edit('mode="circular" if wrap', 'mode="constant" if wrap'),
        ("core/test_borders.py::test_margins_go_round_the_torus",),
    ),
    Mutation(
        "mean-logit-before-softplus",
        "Logits are averaged before the softplus, so that patches no longer count by themselves.",
        LOSSES,
        Edit("softplus(-relativistic_logits).mean()", "softplus(-relativistic_logits.mean())"),
        (f"{STATE}::test_the_relativistic_loss_judges_each_patch_by_itself",),
    ),
    Mutation(
        "relativistic-sign",
        "The relativistic loss rewards the wrong side.",
        LOSSES,
        Edit("softplus(-relativistic_logits)", "softplus(relativistic_logits)"),
        (f"{STATE}::test_the_relativistic_loss_judges_each_patch_by_itself",),
    ),
    Mutation(
        "penalty-of-means",
        "The penalty squares the mean change of the logits: a mean in place of a sum of squares.",
        LOSSES,
        Edit("((near - logits) / SIGMA).square().mean()", "((near - logits) / SIGMA).mean().square()"),
        ("plugins/test_torus_training.py::test_the_penalty_is_the_squared_gradient",),
    ),
    Mutation(
        "projections-unsorted",
        "The sliced Wasserstein distance compares projections at the same place, not of the same rank.",
        "core/impasto/numerics/sliced_wasserstein.py",
        Edit("order = np.argsort(values.detach().numpy(), axis=1)", "order = np.zeros_like(values.detach(), np.int64)"),
        (f"{STATE}::test_rows_are_sorted_and_gradients_find_their_way_back",),
    ),
    Mutation(
        "noise-without-seed",
        "The noise is the same for all seeds.",
        "core/impasto/training/noise.py",
        Edit("SeedSequence((seed, stream))", "SeedSequence((0, stream))"),
        ("core/test_noise.py::test_channels_streams_and_seeds_are_independent",),
    ),
    Mutation(
        "noise-same-in-all-channels",
        "All channels have the noise of the first two.",
        "core/impasto/training/noise.py",
        Edit("(row_hashes[pair, :, None], columns[pair], out", "(row_hashes[0, :, None], columns[0], out"),
        ("core/test_noise.py::test_channels_streams_and_seeds_are_independent",),
    ),
    Mutation(
        "noise-does-not-wrap",
        "Windows across the edge have noise of their own.",
        "core/impasto/training/noise.py",
        Edit("device=device) % size", "device=device) % 2**30"),
        ("core/test_noise.py::test_any_window_is_that_part_of_the_torus",),
    ),
)
