"""An ssh server on loopback, and an ssh client that knows it, for tests of engines on other machines."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LIMIT_S = 120.0
SSHD = shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"]))
served = pytest.mark.skipif(SSHD is None, reason="no ssh server: apt-get install openssh-server")


class Server:
    """An ssh server on a port of its own, and the configuration of an ssh client that knows it as `farm`.

    `stranger` is the same server, but with an unknown host key; `locked` asks for a password; `nobody` is refused.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as other:
            self.port, closed = free.getsockname()[1], other.getsockname()[1]
        host_key = (folder / "host.pub").read_text()
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {host_key}")
        server = {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "user.pub",
            "StrictModes": "no",
            "UsePAM": "no",
            "PidFile": "none",
        }
        (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in server.items()))
        known, key = f"UserKnownHostsFile {folder / 'known'}", f"IdentityFile {folder / 'user'}"
        common = f"HostName 127.0.0.1\nUser {getpass.getuser()}\nIdentitiesOnly yes\nGlobalKnownHostsFile none\n"
        hosts = {
            "farm": (self.port, known, key),
            "stranger": (self.port, "UserKnownHostsFile none", key),
            "locked": (self.port, known, "IdentityFile none"),
            "nobody": (closed, known, key),
        }
        lines = [f"Host {name}\nPort {port}\n{one}\n{other}\n{common}" for name, (port, one, other) in hosts.items()]
        (folder / "config").write_text("".join(lines))
        program = folder / "bin" / "ssh"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder / "config"} "$@"\n')
        program.chmod(0o755)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        command = [SSHD, "-D", "-e", "-f", self.folder / "sshd_config"]
        self.process = subprocess.Popen(command, stderr=(self.folder / "sshd.log").open("ab"), start_new_session=True)
        until = time.monotonic() + LIMIT_S
        while not self._answers():
            assert time.monotonic() < until, (self.folder / "sshd.log").read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def cut(self) -> None:
        """End the server's side of every connection at once."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
        below = {self.process.pid}
        while more := {pid for pid, parent in pairs if parent in below} - below:
            below |= more
        for pid in below - {self.process.pid}:
            with_arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"sshd" in with_arguments:
                os.kill(pid, signal.SIGKILL)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server until the end of the block; put `folder/bin` before PATH for the ssh that knows it."""
    server = Server(folder)
    try:
        yield server
    finally:
        os.killpg(server.process.pid, signal.SIGTERM)
        server.process.wait(10)
