"""The command in processes that start at once: children of one that has imported torch and loaded the plugins already.

Each child is a process like any other, and begins where every command does: with the arguments. It ends without the
interpreter's teardown, which with torch takes three times as long as a short command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CAN_FORK = sys.platform == "linux"
"""Windows has no fork, and on macOS system libraries do not survive one."""
SERVER = """
import atexit, gc, json, os, runpy, sys
import kornia, numpy, OpenImageIO, PIL.Image, pydantic, safetensors.torch, torch, torch._dynamo
from impasto.cli.main import registry
registry()  # what every command imports and does before it reads its arguments
gc.freeze()  # or each child would copy all that the collector looks at
for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
os.chdir(request["cwd"])
os.environ.clear()
os.environ.update(request["environment"])
for descriptor, file in enumerate((os.devnull, request["stdout"], request["stderr"])):
    os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC), descriptor)
sys.argv[1:] = request["arguments"]
code = 0
try:
    runpy.run_module("impasto", run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code or 0
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""


class ForkedCommand:
    """Runs `impasto` with arguments, as `subprocess.run` would, in children of a process of this Python."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._streams = {name: folder / name for name in ("stdout", "stderr")}
        self._server = subprocess.Popen(
            [python, "-P", "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, *arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the command in this process's environment, and in its folder unless another one is given."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        words = list(map(str, arguments))
        streams = {name: str(path) for name, path in self._streams.items()}
        request = {"arguments": words, "cwd": str(cwd or Path.cwd()), "environment": dict(os.environ), **streams}
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        said = {name: path.read_text(encoding="utf-8") for name, path in self._streams.items()}
        return subprocess.CompletedProcess(["impasto", *words], code, **said)

    def close(self) -> None:
        """End the process whose children they are."""
        self._server.communicate()
