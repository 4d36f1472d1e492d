"""The generator to use: one periodic adversarial network for any material, alone or by class, with sliders."""
