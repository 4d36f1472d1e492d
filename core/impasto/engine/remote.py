"""An engine on another machine, over ssh: its address, the command that starts it, and ssh's failures in plain words.

It uses the same frames and the same two pipes as a local engine. Files are sent as bytes instead of as paths, because
the other machine does not have them. Standard library and NumPy only.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..about import VERSION
from ..errors import Message, ParameterError, ProtocolError, WorkerError
from ..io.map_files import sent_files
from ..options import Sink
from ..system.names import check_name
from ..system.transaction import replace_files
from ..system.untrusted import excerpt, read_bytes, shorten
from ..texture import MAP_CHANNELS
from ..udim import tile_of
from .messages import JobResult
from .wire import MAX_ARRAY_BYTES

PYTHON = "python3"
CONNECT_LIMIT_S = 15
ALIVE_EVERY_S, ALIVE_MISSED = 5, 3
"""Interval of the probes of a connection, and number of unanswered probes after which the connection ends."""
OPTIONS = {
    "BatchMode": "yes",
    "ConnectTimeout": CONNECT_LIMIT_S,
    "ServerAliveInterval": ALIVE_EVERY_S,
    "ServerAliveCountMax": ALIVE_MISSED,
    "EscapeChar": "none",
    "ForwardAgent": "no",
    "ForwardX11": "no",
}
"""Options of ssh. It never asks a question, because nobody could answer, and forwards nothing."""
SSH_FAILED, NO_COMMAND = 255, (126, 127)
"""Exit codes of ssh itself, and of a shell that could not start the command."""
ADDRESS = re.compile(
    r"ssh://(?:(?P<user>[\w][\w.-]{0,63})@)?(?P<host>[A-Za-z0-9_][\w.-]{0,252}|\[[0-9a-fA-F:.%]+\])(?::(?P<port>\d{1,5}))?(?P<python>/[^\0\n]*)?"
)
"""Pattern of an engine's address. A name cannot begin with "-", which ssh would take for an option."""
UNKNOWN_KEY = re.compile(r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED")
NOT_ADMITTED = re.compile(r"Permission denied")
NO_SUCH_HOST = re.compile(r"Could not resolve hostname|Name or service not known")
NO_ANSWER = re.compile(r"Connection refused|Connection timed out|No route to host|Network is unreachable")
NO_IMPASTO = re.compile(r"No module named '?impasto")
TOO_OLD = re.compile(r"[Uu]nknown option")
EXAMPLE = "write ssh://user@host, ssh://host:2222, or ssh://host/home/me/impasto/bin/python for a certain Python"


@dataclass(frozen=True)
class Remote:
    """A Python with impasto on a machine that ssh reaches. user, port: None for those of ssh's configuration."""

    host: str
    user: str | None = None
    port: int | None = None
    python: str = PYTHON

    @classmethod
    def of(cls, address: str) -> Remote:
        """The engine at ssh://[USER@]HOST[:PORT][/PYTHON], where /~/PYTHON begins in the home folder.

        A host may be an alias in ssh's configuration, in which keys, jump hosts and so on are set.
        Raise ParameterError if the address is wrong.
        """
        found = ADDRESS.fullmatch(address)
        if not found or not 0 < int(found["port"] or 22) < 65536:
            raise ParameterError("{} is no address of an engine", EXAMPLE, excerpt(address))
        path = (found["python"] or "/")[1:]
        python = path if path.startswith("~/") else f"/{path}"
        return cls(
            found["host"].strip("[]"),
            found["user"],
            int(found["port"]) if found["port"] else None,
            python if path else PYTHON,
        )

    @property
    def place(self) -> str:
        """Name of the machine for messages and for ssh: USER@HOST, or HOST."""
        return f"{self.user}@{self.host}" if self.user else self.host

    def command(self, *arguments: str) -> list[str]:
        """Command that runs the Python there with these arguments."""
        options = [word for name, value in OPTIONS.items() for word in ("-o", f"{name}={value}")]
        if self.port:
            options += ["-p", str(self.port)]
        home, python = ("~/", self.python[2:]) if self.python.startswith("~/") else ("", self.python)
        return ["ssh", "-T", *options, self.place, "--", home + shlex.join([python, *arguments])]

    def explain(self, code: int, said: Sequence[str]) -> WorkerError | None:
        """Error for a connection that ended, by ssh's exit code and last lines; None if the worker is the cause."""
        text = "\n".join(said)
        if code in NO_COMMAND:
            return WorkerError("there is no {} on {}", EXAMPLE, shorten(self.python), shorten(self.place))
        known = self._cause_of_ssh(text) if code == SSH_FAILED else self._cause_of_python(text)
        if known:
            return WorkerError(*known)
        if code != SSH_FAILED:
            return None
        reason = next((line.strip()[-200:] for line in reversed(said) if line.strip()), "ssh said nothing")
        remedy = "nothing was changed here: try again, and see whether ssh reaches it from a terminal"
        return WorkerError("the connection to {} was lost: {}", remedy, shorten(self.place), reason)

    def _cause_of_ssh(self, text: str) -> tuple[str, str] | None:
        """Message and remedy for ssh's text when it cannot connect; None if the text is not known."""
        if UNKNOWN_KEY.search(text):
            message = Message("the host key of {} is unknown, or not the one that it had", shorten(self.place))
            remedy = "run `ssh {}` once in a terminal, compare the fingerprint, and confirm it"
            return message, Message(remedy, self.place)
        if NOT_ADMITTED.search(text):
            remedy = Message("put your key there (`ssh-copy-id {}`) and unlock it (`ssh-add`)", self.place)
            return Message("{} asks for a password, or does not accept the key", shorten(self.place)), remedy
        if NO_SUCH_HOST.search(text):
            remedy = "check the address, or add the name to ~/.ssh/config"
            return Message("there is no machine called {}", shorten(self.host)), remedy
        if NO_ANSWER.search(text):
            remedy = "check that it is on, that it runs an ssh server, and the port"
            return Message("{} does not answer", shorten(self.place)), remedy
        return None

    def _cause_of_python(self, text: str) -> tuple[str, str] | None:
        """Message and remedy for the text of a Python that cannot start the worker; None if it is not known."""
        if NO_IMPASTO.search(text):
            message = Message("{} on {} has no impasto", shorten(self.python), shorten(self.place))
            return message, Message("install impasto {} there, or give the path of the Python that has it", VERSION)
        if TOO_OLD.search(text):
            message = Message("{} on {} is too old", shorten(self.python), shorten(self.place))
            return message, "give the path of a Python 3.11 or newer that has impasto"
        return None


def read_files(path: Path) -> dict[str, np.ndarray]:
    """Bytes (N,) of a picture, its tiles, or the maps in a folder, by file name. Raise FileError for large files."""
    files = sent_files(path)
    return {name: np.frombuffer(read_bytes(file, MAX_ARRAY_BYTES), np.uint8) for name, file in files.items()}


def write_files(sink: Sink, answer: JobResult) -> JobResult:
    """Write the encoded files of an answer to the sink, as the engine would, and return the answer with the paths."""
    unknown = [name for name in answer.arrays if tile_of(name)[0] not in MAP_CHANNELS]
    if unknown or not re.fullmatch(r"\.[a-z0-9]{1,8}", answer.suffix):
        raise ProtocolError("a result has a file for {}", "see the log", excerpt((*unknown, answer.suffix)))
    name = check_name(sink.name, "the name of the files")
    contents = {sink.folder / f"{name}_{map_}{answer.suffix}": data for map_, data in answer.arrays.items()}
    replace_files({path: data.tobytes() for path, data in contents.items()}, replace=sink.replace)
    return replace(answer, arrays={}, paths=tuple(contents))
