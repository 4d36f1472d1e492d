"""A feed-forward network of one style (Johnson et al. 2016), which is trained once and then repaints at once."""
