"""All checks, each with what it found; warnings are only named."""

import sys

from . import current_folder, pictures, quoting, translations

FOUND = [f"{problem}" for check in (current_folder, pictures, quoting, translations) for problem in check.problems()]
print(*(f"warning: {one}" for one in pictures.warnings()), sep="\n")
print(*FOUND, sep="\n") if FOUND else print("All of our own checks passed!")
sys.exit(bool(FOUND))
