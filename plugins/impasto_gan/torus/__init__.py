"""The recommended generator: a periodic adversarial network for one material or several classes, with sliders."""
