"""Three generators as in their papers, to learn from and to compare with: plain, conditional and progressive GAN."""
