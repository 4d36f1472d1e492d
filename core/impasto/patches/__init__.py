"""Pictures laid anew from patches of other pictures."""
