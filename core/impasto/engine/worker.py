"""The worker process: `python -I -m impasto.engine.worker` serves its client on its stdin and stdout.

Only frames are written to stdout: output of plugins goes to stderr, which the client keeps as the log.
"""

import os
import sys

from ..system.safe_path import leave_current_folder

LOW_PRIORITY = "--low-priority"


def main() -> None:
    """Serve the client on stdin and stdout. With `--low-priority`, other processes get the processor first."""
    leave_current_folder()
    import logging
    from pathlib import Path

    from ..device import compute_products_in_one_thread, keep_freed_memory

    compute_products_in_one_thread()
    from ..system.interruption import install
    from ..system.streams import prepare
    from ..system.transaction import end_all
    from .serving import Worker

    prepare()
    if LOW_PRIORITY in sys.argv[1:]:
        _yield_to_others()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    source = os.fdopen(os.dup(0), "rb", buffering=2**20)
    sink = os.fdopen(os.dup(1), "wb", buffering=2**20)
    os.dup2(2, 1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    if sys.platform == "win32":
        import msvcrt

        for stream in (source, sink):
            msvcrt.setmode(stream.fileno(), os.O_BINARY)
    keep_freed_memory()
    worker = Worker(source, sink)
    install(end_all, worker.end)
    worker.serve()
    end_all()
    logging.shutdown()
    os._exit(0)


def _yield_to_others() -> None:
    """Lower this process's priority, so that a training does not slow down jobs that the artist waits for."""
    if sys.platform == "win32":
        import ctypes

        below_normal = 0x4000
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)
    else:
        os.nice(5)


if __name__ == "__main__":
    main()
