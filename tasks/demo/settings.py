"""The phrase of the README's strip."""

PHRASE = "red knitted wool with cream stripes"
