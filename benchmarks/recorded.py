"""Runs a program and records the modules of Impasto whose functions run, in the order of first calls.

    python recorded.py FILE -m MODULE ARGUMENT …      (or SCRIPT ARGUMENT …)

Functions that an import calls are left out. FILE gets a line for each module as soon as it is seen, so that a process
that is killed leaves its lines as well.
"""

import os
import runpy
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = "/user_default/impasto/"
"""Pattern of the path before an extension's own files."""
IS_FUNCTION = 1  # CO_OPTIMIZED: bodies of modules and classes have it not


def module_of(filename: str) -> str | None:
    """A file's path in the repository, also from the installed extension; None for other files."""
    name = filename.replace("\\", "/")
    if INSTALLED in name:
        own = name.partition(INSTALLED)[2]
        return f"core/impasto/{own.removeprefix('core/')}" if own.startswith("core/") else f"blender_addon/{own}"
    for folder in ("core/impasto/", "plugins/"):
        if name.startswith(f"{ROOT.as_posix()}/{folder}"):
            return name.removeprefix(f"{ROOT.as_posix()}/")
    return None


class Recorder:
    """A profile function that appends each module once."""

    def __init__(self, file: str) -> None:
        self.file, self.modules = file, dict[str, str | None]()
        self.seen = set[str]()

    def start(self) -> None:
        threading.setprofile(self)
        sys.setprofile(self)

    def __call__(self, frame, event: str, _argument: object) -> None:
        code = frame.f_code
        if event != "call" or code.co_filename in self.seen or not code.co_flags & IS_FUNCTION:
            return
        if code.co_filename not in self.modules:
            self.modules[code.co_filename] = module_of(code.co_filename)
        module = self.modules[code.co_filename]
        if module is None:
            self.seen.add(code.co_filename)
        elif not _is_of_an_import(frame):
            self.seen.add(code.co_filename)
            with open(self.file, "a", encoding="utf-8") as lines:  # noqa: PTH123 - pathlib would be recorded too late
                lines.write(f"{module}\n")


def _is_of_an_import(frame) -> bool:
    """Whether it was called, directly or indirectly, by the body of one of our modules."""
    while frame := frame.f_back:
        code = frame.f_code
        if code.co_name == "<module>" and module_of(code.co_filename) and frame.f_globals["__name__"] != "__main__":
            return True
    return False


def main() -> None:
    file, *arguments = sys.argv[1:]
    while arguments[0] in ("-I", "-P"):
        del arguments[0]
    if arguments[0] == "-c":
        os.execv(sys.executable, [sys.executable, "-I", *arguments])
    Recorder(file).start()
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
