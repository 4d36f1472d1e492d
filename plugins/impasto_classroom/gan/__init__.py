"""Textbook GANs: plain, conditional, progressive, and the plain one with a newer loss."""
