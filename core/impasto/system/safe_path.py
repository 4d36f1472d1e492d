"""Keeps the current folder off the path of modules: a file there, such as json.py in a download, must not be run.

Python puts it first for `python -m impasto`. This imports only what Python itself has imported before.
"""

import os
import sys


def leave_current_folder() -> None:
    """Take what `python -m` put in front off the path, before anything else is imported; on Windows DLLs likewise."""
    if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109  pathlib would be imported from it
        del sys.path[0]
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetDllDirectoryW("")
