"""Synthesis of small pieces on a torus or over the charts of an atlas, corrected from coarse to fine."""
