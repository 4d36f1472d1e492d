"""Calls a function that reads a file, where errors become what the command says: MODULE:FUNCTION FILE OUT."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from impasto.errors import ImpastoError
from impasto.system.streams import prepare, silence_libraries


def main() -> None:
    prepare()
    silence_libraries()
    module, _, function = sys.argv[1].partition(":")
    try:
        getattr(importlib.import_module(module), function)(*map(Path, sys.argv[2:]))
    except ImpastoError as error:
        print(f"impasto: {error.message}" + (f"\n  {error.remedy}" if error.remedy else ""), file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
