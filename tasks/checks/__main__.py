"""Run all checks and print their problems, which fail, and their warnings, which do not."""

import sys

from ..pictures import has_history
from . import benchmarks, current_folder, pictures, quoting, walks

CHECKS = (benchmarks, current_folder, pictures, quoting, walks)
FOUND = [f"{problem}" for check in CHECKS for problem in check.problems()]
if not has_history():
    print("skipped: commits that benchmarks and pictures name, since Git's history is not here")
print(*(f"warning: {one}" for check in (benchmarks, pictures) for one in check.warnings()), sep="\n")
print(*FOUND, sep="\n") if FOUND else print("All of our own checks passed!")
sys.exit(bool(FOUND))
