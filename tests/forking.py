"""Commands in processes that start at once: children of one that has imported torch and loaded the plugins already.

Each child is a process like any other, and begins where every command does: with the arguments. It ends without the
interpreter's teardown, which with torch takes three times as long as a short command.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

CAN_FORK = sys.platform == "linux"
"""Windows has no fork, and on macOS system libraries do not survive one."""
SERVER = """
import atexit, functools, gc, json, os, resource, runpy, sys
gc.disable()  # looking for garbage among what is imported takes a quarter of the time
import kornia, numpy, OpenImageIO, PIL.Image, pydantic, safetensors.torch, torch, torch._dynamo
from impasto.cli import main
from impasto.running import runner
main.registry()  # what every command imports and does before it reads its arguments
main.make_parser = functools.cache(main.make_parser)
for action in sys.argv[1:]:
    main.make_parser(action)
gc.freeze()  # or each child would copy all that the collector looks at
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(child, flush=True)
    _, status, used = os.wait4(child, 0)
    print(os.waitstatus_to_exitcode(status), (used.ru_maxrss - own) >> 10, flush=True)
else:
    sys.exit()
gc.enable()
if request["data_bytes"]:
    resource.setrlimit(resource.RLIMIT_DATA, (request["data_bytes"],) * 2)
os.chdir(request["cwd"])
os.environ.clear()
os.environ.update(request["environment"])
for descriptor, file in enumerate((os.devnull, request["stdout"], request["stderr"])):
    os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC), descriptor)
sys.argv[1:] = request["arguments"]
code = 0
try:
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code or 0
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""


class Done(subprocess.CompletedProcess):
    """A command that has ended, and the most memory that it had beyond what it began with."""

    peak_mib = 0


class ForkedCommand:
    """Runs `impasto` or another module with arguments, as `subprocess.run` would, in children of one process.

    actions: of the command, whose parsers that process makes beforehand.
    """

    def __init__(self, python: Path | str, folder: Path, *actions: str, path: Path | None = None) -> None:
        self._streams = {name: folder / name for name in ("stdout", "stderr")}
        environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
        command = [python, "-P", "-c", SERVER, *actions]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._server = subprocess.Popen(command, text=True, env=environment, **pipes)  # type: ignore[call-overload]

    def run(
        self,
        *arguments: object,
        cwd: Path | None = None,
        module: str = "impasto",
        environment: Mapping[str, str] | None = None,
        limit_s: float = 3600.0,
        data_bytes: int = 0,
    ) -> Done:
        """Run it in this process's environment with more variables, and in its folder unless another one is given.

        One that takes longer than its limit is killed. data_bytes: limit of what it may allocate.
        """
        words = list(map(str, arguments))
        request = {"module": module, "arguments": words, "cwd": str(cwd or Path.cwd()), "data_bytes": data_bytes}
        request |= {name: str(path) for name, path in self._streams.items()}
        request["environment"] = {**os.environ, **(environment or {})}
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        killing = threading.Timer(limit_s, os.kill, (int(self._server.stdout.readline()), signal.SIGKILL))
        killing.start()
        code, peak_mib = map(int, self._server.stdout.readline().split())
        killing.cancel()
        said = {name: path.read_text("utf-8", errors="backslashreplace") for name, path in self._streams.items()}
        done = Done([module, *words], code, **said)
        done.peak_mib = peak_mib
        return done

    def close(self) -> None:
        """End the process whose children they are."""
        self._server.communicate()
