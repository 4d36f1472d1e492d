"""Mutations of the textbook's methods: parts of their papers that are missing."""

from __future__ import annotations

from .mutation import Edit, Mutation

FOLDER = "plugins/impasto_gan/textbook"
GAN, CONDITIONAL, PROGRESSIVE, BY_PAIRS = (
    f"{FOLDER}/{name}.py" for name in ("gan", "conditional", "progressive", "relativistic")
)
LOSSES, METHODS = "plugins/test_textbook_losses.py", "plugins/test_textbook.py"
GROWS = f"{METHODS}::test_the_progressive_gan_grows_and_fades_without_a_step"
PARTS = f"{METHODS}::test_parts_of_the_papers"
FADES = f"{LOSSES}::test_networks_grow_through_every_fade"
PENALTY = f"{LOSSES}::test_the_progressive_gan_has_penalty_and_drift"

TEXTBOOK = (
    Mutation(
        "gan-mean-logit-before-softplus",
        "The discriminator's logits are averaged before the logarithm.",
        GAN,
        Edit("softplus(-real_logits).mean() +", "softplus(-real_logits.mean()) +"),
        (f"{LOSSES}::test_the_plain_gan_has_the_losses_of_2014",),
    ),
    Mutation(
        "gan-saturating",
        "The generator minimises log(1 - D), which saturates.",
        GAN,
        Edit(
            'return softplus(-self.networks["discriminator"](x_hat)).mean()',
            'return -softplus(self.networks["discriminator"](x_hat)).mean()',
        ),
        (f"{LOSSES}::test_the_plain_gan_has_the_losses_of_2014",),
    ),
    Mutation(
        "relativistic-penalty-off",
        "Nothing holds the gradient of the relativistic discriminator.",
        BY_PAIRS,
        Edit("GAMMA = 0.5", "GAMMA = 0.0"),
        (f"{LOSSES}::test_the_relativistic_gan_has_the_penalty_of_its_slope",),
    ),
    Mutation(
        "conditional-no-hinge",
        "What is beyond the margin goes on to count.",
        CONDITIONAL,
        Edit("relu(1 - real_logits).mean()", "(1 - real_logits).mean()"),
        (f"{LOSSES}::test_the_conditional_gan_has_the_hinge_loss",),
    ),
    Mutation(
        "conditional-projection-dropped",
        "The discriminator does not look whether a picture fits its class.",
        CONDITIONAL,
        Edit(" + (self.V(y) * phi).sum(1)", " + 0 * (self.V(y) * phi).sum(1)"),
        (f"{METHODS}::test_the_projection_tells_classes_apart",),
    ),
    Mutation(
        "conditional-mean-in-place-of-sum",
        "Features are averaged over a picture instead of summed.",
        CONDITIONAL,
        Edit("phi = x.float().sum((2, 3))", "phi = x.float().mean((2, 3))"),
        (f"{LOSSES}::test_the_projection_is_a_sum_over_pixels",),
    ),
    Mutation(
        "conditional-spectral-norm-off",
        "The discriminator's convolutions may grow without a limit.",
        CONDITIONAL,
        Edit(
            "spectral_norm(nn.Conv2d(a, b, 4, stride=2, padding=1)) for", "nn.Conv2d(a, b, 4, stride=2, padding=1) for"
        ),
        (f"{LOSSES}::test_scores_keep_their_scale_where_spectral_norms_are_divided_out",),
    ),
    Mutation(
        "conditional-class-ignored",
        "Batch norm has the same gain and bias for all classes.",
        GAN,
        Edit("return gain * self.norm(x) + bias", "return self.norm(x) + 0 * bias"),
        (f"{METHODS}::test_batch_norm_is_conditional",),
    ),
    Mutation(
        "conditional-labels-swapped",
        "Crops have the label of another class.",
        f"{FOLDER}/crops.py",
        Edit("return torch.stack(crops), classes[chosen]", "return torch.stack(crops), (1 - classes)[chosen]"),
        (f"{METHODS}::test_crops_are_parts_of_their_pictures_and_classes_are_even",),
    ),
    Mutation(
        "gan-variation-off",
        "The setting for variation does nothing.",
        GAN,
        Edit("x = variation * noise(batch, LATENT", "x = noise(batch, LATENT"),
        (f"{METHODS}::test_the_seed_is_the_picture_and_variation_calms_it[gan]",),
    ),
    Mutation(
        "progressive-no-fade",
        "A new resolution of the generator is there at once.",
        PROGRESSIVE,
        Edit("new, growth % 1 or 1.0)", "new, 1.0)"),
        (GROWS,),
    ),
    Mutation(
        "progressive-constant-alpha",
        "A new resolution of the generator always counts by half.",
        PROGRESSIVE,
        Edit("new, growth % 1 or 1.0)", "new, 0.5)"),
        (GROWS, FADES),
    ),
    Mutation(
        "progressive-discriminator-no-fade",
        "A new resolution of the discriminator is there at once.",
        PROGRESSIVE,
        Edit("torch.lerp(old, features, growth % 1)", "torch.lerp(old, features, 1.0)"),
        (GROWS,),
    ),
    Mutation(
        "progressive-discriminator-constant-alpha",
        "A new resolution of the discriminator always counts by half.",
        PROGRESSIVE,
        Edit("torch.lerp(old, features, growth % 1)", "torch.lerp(old, features, 0.5)"),
        (GROWS, FADES),
    ),
    Mutation(
        "progressive-crops-do-not-fade",
        "Real crops have all their detail while the generator's still fades in.",
        PROGRESSIVE,
        Edit("return torch.lerp(coarse, x, fade)", "return torch.lerp(coarse, x, 1.0)"),
        (f"{LOSSES}::test_real_crops_fade_in_like_the_made_ones",),
    ),
    Mutation(
        "progressive-does-not-grow",
        "The training stays at the first resolution.",
        PROGRESSIVE,
        Edit("return min(phase // 2 +", "return min(0 * phase // 2 +"),
        (GROWS,),
    ),
    Mutation(
        "progressive-not-equalised",
        "Weights are not scaled at run time.",
        PROGRESSIVE,
        Edit("conv2d(x, self.weight * self.scale", "conv2d(x, self.weight"),
        (PARTS,),
    ),
    Mutation(
        "progressive-last-layer-not-equalised",
        "Weights of fully connected layers are not scaled at run time.",
        PROGRESSIVE,
        Edit("linear(x, self.weight * self.scale", "linear(x, self.weight"),
        (f"{METHODS}::test_every_layer_of_the_progressive_gan_has_an_equalised_learning_rate",),
    ),
    Mutation(
        "progressive-variation-off",
        "The setting for variation does nothing.",
        PROGRESSIVE,
        Edit("x = variation * self.pictures(", "x = self.pictures("),
        (f"{METHODS}::test_more_variation_is_more_spread[progressive-gan]",),
    ),
    Mutation(
        "progressive-constant-deviation",
        "The discriminator is not shown how much a batch varies.",
        PROGRESSIVE,
        Edit("deviation.to(x.dtype).expand", "(0 * deviation + 1).to(x.dtype).expand"),
        (PARTS, f"{LOSSES}::test_a_discriminator_sees_how_much_a_batch_varies"),
    ),
    Mutation(
        "progressive-pixel-norm-off",
        "Features keep their scale.",
        PROGRESSIVE,
        Edit("x = pixel_norm(leaky_relu(convolve(x), SLOPE))", "x = leaky_relu(convolve(x), SLOPE)"),
        (f"{LOSSES}::test_features_of_the_progressive_generator_have_one_scale",),
    ),
    Mutation(
        "progressive-penalty-off",
        "The scores may have any slope.",
        PROGRESSIVE,
        Edit("LAMBDA = 10.0", "LAMBDA = 0.0"),
        (PENALTY,),
    ),
    Mutation(
        "progressive-penalty-one-sided",
        "The slope is drawn to 0 instead of 1.",
        PROGRESSIVE,
        Edit(".norm(dim=1) - 1).square()", ".norm(dim=1) - 0).square()"),
        (f"{METHODS}::test_the_gradient_penalty_is_zero_for_slope_one",),
    ),
    Mutation(
        "progressive-drift-off",
        "Scores may drift from zero.",
        PROGRESSIVE,
        Edit("DRIFT = 1e-3", "DRIFT = 0.0"),
        (PENALTY,),
    ),
)
