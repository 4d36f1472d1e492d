"""Mutations of the games that networks play: one of them does not learn, or learns from the wrong side."""

from __future__ import annotations

from .mutation import Edit, Mutation

TORUS, VAE = "plugins/impasto_gan/torus/train.py", "plugins/impasto_vae/training.py"
SHARED, BY_PAIRS = "plugins/impasto_gan/textbook/shared.py", "plugins/impasto_gan/textbook/relativistic.py"
EVERY = "plugins/test_every_training.py"
TRAINED, PREFERS, PLEASES, FOLLOWS, PAIRED = (
    f"{EVERY}::test_{name}"
    for name in (
        "a_step_trains_each_network",
        "a_judge_comes_to_prefer_real_pictures",
        "a_generator_comes_to_please_its_judge",
        "a_generator_learns_what_its_judge_says",
        "only_differences_of_logits_count",
    )
)

ADVERSARIAL = (
    Mutation(
        "torus-discriminator-not-updated",
        "The torus' discriminators stay as they were.",
        TORUS,
        Edit('        self.descend("discriminators", discriminator_loss, DISCRIMINATOR_RATE)\n', ""),
        (f"{TRAINED}[torus]",),
    ),
    Mutation(
        "torus-adversarial-off",
        "The torus learns from the sliced Wasserstein distance alone.",
        TORUS,
        Edit("loss = adversarial_loss +", "loss = 0 * adversarial_loss +"),
        (f"{FOLLOWS}[torus]",),
    ),
    Mutation(
        "torus-discriminator-pairing",
        "The discriminators judge real pictures without the made ones.",
        TORUS,
        Edit("relativistic_logits = real_logits - fake_logits", "relativistic_logits = real_logits"),
        (f"{PAIRED}[torus]",),
    ),
    Mutation(
        "torus-discriminator-sign",
        "The discriminators learn to prefer made pictures.",
        TORUS,
        Edit("relativistic_logits = real_logits - fake_logits", "relativistic_logits = fake_logits - real_logits"),
        (f"{PREFERS}[torus]",),
    ),
    Mutation(
        "torus-generator-pairing",
        "The generator is judged without the real pictures.",
        TORUS,
        Edit("relativistic_logits = fake_logits - real_logits[scale]", "relativistic_logits = fake_logits"),
        (f"{PAIRED}[torus]",),
    ),
    Mutation(
        "torus-generator-sign",
        "The generator learns to be told from real pictures.",
        TORUS,
        Edit("fake_logits - real_logits[scale]", "real_logits[scale] - fake_logits"),
        (f"{PLEASES}[torus]",),
    ),
    Mutation(
        "torus-average-off",
        "The training of the torus does not average its weights.",
        TORUS,
        Edit("        self.average()\n", ""),
        (f"{EVERY}::test_the_average_follows_its_network[torus]",),
    ),
    Mutation(
        "torus-precision-lost",
        "The torus' generator runs in float32 where bfloat16 was asked for.",
        TORUS,
        Edit(
            '        with self.autocast():\n            fake = self._fake(self.networks["generator"]',
            '        with self.seeded_weights():\n            fake = self._fake(self.networks["generator"]',
        ),
        (f"{EVERY}::test_both_networks_run_in_the_precision_of_the_training[torus]",),
    ),
    Mutation(
        "torus-probe-draws",
        "Looking at a training changes the noise of its next steps.",
        TORUS,
        Edit("        self.random.set_state(state)\n", ""),
        (f"{EVERY}::test_looking_changes_nothing[torus]",),
    ),
    Mutation(
        "textbook-discriminator-not-updated",
        "The discriminators of the textbook stay as they were.",
        SHARED,
        Edit('        self.descend("discriminator", loss_D)\n', ""),
        (f"{TRAINED}[gan]",),
    ),
    Mutation(
        "textbook-average-off",
        "The trainings of the textbook do not average their weights.",
        SHARED,
        Edit("        self.average()\n", ""),
        (f"{EVERY}::test_the_average_follows_its_network[gan]",),
    ),
    Mutation(
        "progressive-sign",
        "The progressive GAN's generator lowers its scores.",
        "plugins/impasto_gan/textbook/progressive.py",
        Edit("loss_G = -D(x_hat, growth).mean()", "loss_G = D(x_hat, growth).mean()"),
        (f"{PLEASES}[progressive]",),
    ),
    Mutation(
        "relativistic-discriminator-pairing",
        "The relativistic discriminator judges real pictures without the made ones.",
        BY_PAIRS,
        Edit("relativistic_logits = real_logits - fake_logits", "relativistic_logits = real_logits"),
        (f"{PAIRED}[relativistic]",),
    ),
    Mutation(
        "relativistic-generator-pairing",
        "The relativistic generator is judged without the real pictures.",
        BY_PAIRS,
        Edit('self.networks["discriminator"](x_hat) - real_logits', 'self.networks["discriminator"](x_hat)'),
        (f"{PAIRED}[relativistic]",),
    ),
    Mutation(
        "vae-critic-not-updated",
        "The autoencoder's critic stays as it was.",
        VAE,
        Edit('        self.descend("critic", loss_critic + PENALTY_EVERY * GAMMA * penalty)\n', ""),
        (f"{TRAINED}[vae]",),
    ),
    Mutation(
        "vae-adversarial-off",
        "The autoencoder does not listen to its critic.",
        VAE,
        Edit("ADVERSARIAL_WEIGHT = 0.5", "ADVERSARIAL_WEIGHT = 0.0"),
        (f"{FOLLOWS}[vae]",),
    ),
    Mutation(
        "vae-critic-sign",
        "The critic learns to prefer made pictures.",
        VAE,
        Edit(
            "relativistic_loss(critic(x) - critic(x_hat.detach()))",
            "relativistic_loss(critic(x_hat.detach()) - critic(x))",
        ),
        (f"{PREFERS}[vae]",),
    ),
    Mutation(
        "vae-generator-pairing",
        "The decoder is judged without the real pictures.",
        VAE,
        Edit("relativistic_loss(critic(x_hat) - critic(x).detach())", "relativistic_loss(critic(x_hat))"),
        (f"{PAIRED}[vae]",),
    ),
)
