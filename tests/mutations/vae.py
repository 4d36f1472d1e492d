"""Mutations of the autoencoder: what is sampled, what its latent costs, and what keeps it sharp."""

from __future__ import annotations

from .mutation import Edit, Mutation

FOLDER = "plugins/impasto_vae"
TRAINING, LOSSES, NETWORKS = f"{FOLDER}/training.py", f"{FOLDER}/losses.py", f"{FOLDER}/networks.py"
TERMS, TOOL = "plugins/test_vae_losses.py", "plugins/test_vae.py"

VAE = (
    Mutation(
        "vae-mean-for-sample",
        "z = μ: nothing is drawn.",
        NETWORKS,
        Edit("return mu + (0.5 * log_variance).exp() * epsilon", "return mu + 0 * epsilon"),
        (f"{TERMS}::test_samples_have_the_mean_and_deviation_that_they_are_told",),
    ),
    Mutation(
        "vae-trained-on-means",
        "The decoder is trained on means instead of samples.",
        TRAINING,
        Edit("z = reparameterise(mu, log_variance, self.noise(*mu.shape))", "z = mu"),
        (f"{TERMS}::test_training_decodes_samples_and_not_means",),
    ),
    Mutation(
        "vae-variance-for-deviation",
        "σ² is taken for σ.",
        NETWORKS,
        Edit("(0.5 * log_variance).exp() * epsilon", "log_variance.exp() * epsilon"),
        (f"{TERMS}::test_samples_have_the_mean_and_deviation_that_they_are_told",),
    ),
    Mutation(
        "vae-kl-off",
        "What the latent tells costs nothing.",
        TRAINING,
        Edit("self.parameters.kl_weight * free_bits", "0 * free_bits"),
        (f"{TERMS}::test_what_the_latent_tells_costs_what_it_is_said_to_cost",),
    ),
    Mutation(
        "vae-kl-sign",
        "The latent is drawn away from the prior.",
        TRAINING,
        Edit("+ self.parameters.kl_weight * free_bits", "- self.parameters.kl_weight * free_bits"),
        (f"{TERMS}::test_what_the_latent_tells_costs_what_it_is_said_to_cost",),
    ),
    Mutation(
        "vae-kl-formula",
        "The divergence has a wrong sign at log σ².",
        "core/impasto/training/losses.py",
        Edit("- 1 - log_variance)", "- 1 + log_variance)"),
        (f"{TERMS}::test_the_divergence_is_that_of_two_gaussians",),
    ),
    Mutation(
        "vae-free-bits-off",
        "The first information costs as much as the last, so channels collapse.",
        TRAINING,
        Edit("FREE_NATS = 0.2", "FREE_NATS = 0.0"),
        (f"{TERMS}::test_a_little_information_is_free",),
    ),
    Mutation(
        "vae-free-bits-mean-in-place-of-sum",
        "The divergence is averaged over channels instead of summed.",
        LOSSES,
        Edit("kl.clamp(min=free_nats).sum()", "kl.clamp(min=free_nats).mean()"),
        (f"{TERMS}::test_the_divergence_is_that_of_two_gaussians",),
    ),
    Mutation(
        "vae-reconstruction-off",
        "Reconstructions need not agree with their source texel by texel.",
        TRAINING,
        Edit("L1_WEIGHT = 2.0", "L1_WEIGHT = 0.0"),
        (f"{TERMS}::test_neither_term_against_blur_is_idle[L1_WEIGHT]",),
    ),
    Mutation(
        "vae-swd-off",
        "Patches need not be distributed like the data's.",
        TRAINING,
        Edit("SWD_WEIGHT = 1.0", "SWD_WEIGHT = 0.0"),
        (f"{TERMS}::test_neither_term_against_blur_is_idle[SWD_WEIGHT]",),
    ),
    Mutation(
        "vae-grain-off",
        "The decoder's stages get no noise.",
        NETWORKS,
        Edit("leaky_relu(x + self.noise(drawn), SLOPE)", "leaky_relu(x + 0 * self.noise(drawn), SLOPE)"),
        (f"{TERMS}::test_grain_is_drawn_at_every_size",),
    ),
    Mutation(
        "vae-deviation-forgotten",
        "A finished model does not know how unsure its encoder was, and draws z = μ.",
        TRAINING,
        Edit("self.ema.deviation[:] = variance.sqrt()", "self.ema.deviation[:] = 0 * variance"),
        (f"{TERMS}::test_the_finished_model_knows_how_unsure_its_encoder_was",),
    ),
    Mutation(
        "vae-prior-not-trained",
        "The decoder never sees latents of the prior.",
        TRAINING,
        Edit("is_normal = index >= known_count and", "is_normal = False and"),
        (f"{TOOL}::test_half_of_a_batch_is_decoded_from_new_latents_of_both_kinds",),
    ),
    Mutation(
        "vae-prior-not-drawn",
        "New surfaces from the prior all have its mean.",
        f"{FOLDER}/generate.py",
        Edit(
            "    else:\n        z = context.noise(*old.shape).cpu()",
            "    else:\n        z = 0 * context.noise(*old.shape).cpu()",
        ),
        (f"{TOOL}::test_latents_come_from_the_prior_the_field_or_patches",),
    ),
    Mutation(
        "vae-decoder-does-not-wrap",
        "The decoder's noise is not continued beyond the border.",
        NETWORKS,
        Edit(
            "drawn = with_margin(noise(len(x), self.noise_channels, *size), self.blocks, TORUS)",
            "drawn = nn.functional.pad(noise(len(x), self.noise_channels, *size), (self.blocks,) * 4)",
        ),
        (f"{TOOL}::test_shifted_latents_give_the_shifted_picture",),
    ),
)
