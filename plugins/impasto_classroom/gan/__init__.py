"""The GANs of the textbook: plain, conditional, progressive, and the plain one with a newer loss."""
