"""Removal of the current folder from the module path: a file there, such as json.py in a download, must not run.

`python -m impasto` puts it first. This module imports only modules that Python itself has already imported.
"""

import os
import sys


def leave_current_folder() -> None:
    """Remove the entry that `python -m` puts first, before anything else is imported; on Windows also for DLLs."""
    if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109  pathlib would be imported from it
        del sys.path[0]
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetDllDirectoryW("")
