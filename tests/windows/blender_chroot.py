"""Real Blender windows for tests: Debian's Blender in a chroot, under Xvfb with software OpenGL.

Every mount lives in a private namespace that dies with its command, so nothing stays mounted even
when a run is killed. A run sees the chroot through an overlay in memory: it changes only what is
bound read-write, and its network is a loopback of its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "OMP_NUM_THREADS": "1",
}
WINDOW_PACKAGES = ("python3-numpy", "xvfb", "xauth", "imagemagick", "x11-utils", "libgl1-mesa-dri")

INSTALL = r"""set -eu
root=$1 suite=$2 mirror=$3
shift 3
debootstrap --variant=minbase "$suite" "$root" "$mirror"
cat > "$root/etc/dpkg/dpkg.cfg.d/small-and-fast" <<END
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
END
apt-config dump Acquire | grep -E '^Acquire::(Check|http)' > "$root/etc/apt/apt.conf.d/of-this-machine" || true
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
chroot "$root" apt-get -q update
chroot "$root" apt-get -qy --no-install-recommends install "$@"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
"""

ENTER = """set -eu
root=$1 mount=$2
shift 2
ip link set lo up
mount -t tmpfs tmpfs "$mount"
mkdir "$mount/upper" "$mount/work" "$mount/root"
mount -t overlay -o "lowerdir=$root,upperdir=$mount/upper,workdir=$mount/work" overlay "$mount/root"
cd "$mount/root"
mount -t proc proc proc
mount --rbind /dev dev
mount --rbind /sys sys
while [ "$1" != -- ]; do
    mkdir -p ".$2"
    mount --bind "$2" ".$2"
    mount -o "remount,bind,$1" ".$2"
    shift 2
done
shift
exec chroot . "$@"
"""


class ChrootError(RuntimeError):
    """A chroot could not be made or entered; the message says what to do."""


class MovedSuiteError(ChrootError):
    """Debian's unstable suite cannot give this Blender today: warn, don't fail."""


@dataclass(frozen=True)
class Release:
    """The source of one Blender version: a suite of Debian, and packages."""

    suite: str
    packages: tuple[str, ...]
    moves: bool = False


RELEASES = {
    "4.3": Release("trixie", ("blender=4.3.*", *WINDOW_PACKAGES)),
    "5.2": Release("sid", ("blender=5.2.*", *WINDOW_PACKAGES, "python3-requests", "python3-cattr"), moves=True),
}


@dataclass(frozen=True)
class Chroot:
    """An installed Blender; its folder holds the file system `root` and the mount point `mount`."""

    name: str
    folder: Path

    def run(
        self,
        script: Path,
        args: Sequence[str] = (),
        *,
        binds: Mapping[Path, str],
        env: Mapping[str, str] | None = None,
        size_px: tuple[int, int] = (1600, 1000),
        timeout_s: float = 300,
        window: bool = True,
        files: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a script in Blender, which finds `args` after `--` in `sys.argv`.

        `binds` must reach the script; `files` are written in the chroot first.

        With a window, Blender fills a virtual screen of `size_px`
        and takes simulated events; without one it is `blender -b` and an exception exits with 1.
        """
        if window:
            width, height = (str(length) for length in size_px)
            # Without -noreset, the server's signal on its last client's end can spoil the exit status.
            screen = f"-screen 0 {width}x{height}x24 -noreset"
            command = ["xvfb-run", "-s", screen, "blender", "--factory-startup", "--python-exit-code", "1"]
            command += ["--enable-event-simulate", "--window-geometry", "0", "0", width, height]
        else:
            command = ["blender", "-b", "--factory-startup", "--python-exit-code", "1"]
        command += ["-noaudio", "-P", str(script), "--", *args]
        for path, text in (files or {}).items():
            write = 'mkdir -p "$(dirname "$0")"; printf %s "$1" >"$0"; shift; exec "$@"'
            command = ["sh", "-c", write, path, text, *command]
        return self.execute(command, binds=binds, env=env, timeout_s=timeout_s)

    def execute(
        self,
        command: Sequence[str],
        *,
        binds: Mapping[Path, str],
        env: Mapping[str, str] | None = None,
        timeout_s: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run any command in the chroot; exit status 124 says that it ran past `timeout_s`.

        `binds` maps folders of this machine to "ro" or "rw"; each appears at the same path inside.
        This machine's environment variables are not passed on.
        """
        mounts: list[str] = []
        for path, mode in sorted(binds.items()):
            if mode not in ("ro", "rw") or not path.is_absolute() or not path.is_dir():
                raise ValueError(f"a bind is an absolute folder and 'ro' or 'rw', got {path}: {mode}")
            mounts += [mode, str(path)]
        # `timeout` is the namespace's first process: when it ends, the kernel ends all others.
        limited = ["--net", "--", "timeout", "--kill-after=5", str(timeout_s), "sh", "-c", ENTER, "enter"]
        places = [str(self.folder / "root"), str(self.folder / "mount"), *mounts, "--"]
        return isolated([*limited, *places, *command], {**ENVIRONMENT, **(env or {})})


def prepare(name: str, cache: Path) -> Chroot:
    """Return the chroot of Blender `name` ("4.3" or "5.2"), installing it where it is not cached.

    Raises MovedSuiteError where a suite that moves has no such Blender, else ChrootError.
    """
    release = RELEASES[name]
    if os.geteuid() != 0:
        raise ChrootError("a chroot needs root: run the tests as root, or without windows")
    mirror = apt_mirror()
    definition = repr((release, mirror, INSTALL)).encode()
    folder = cache.resolve() / f"blender-{name}-{hashlib.sha256(definition).hexdigest()[:12]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"blender-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            for old in folder.parent.glob(f"blender-{name}-*"):
                remove(old)
            install_host_packages()
            install(name, release, mirror, folder)
            (folder / "ready").touch()
    return Chroot(name, folder)


def install(name: str, release: Release, mirror: str, folder: Path) -> None:
    """Make the file system of a release in `folder`, from nothing."""
    root = folder / "root"
    root.mkdir(parents=True)
    (folder / "mount").mkdir()
    script = ["sh", "-c", INSTALL, "install", str(root), release.suite, mirror]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = isolated(["--", *script, *release.packages], environment)
    if done.returncode != 0:
        kind = MovedSuiteError if release.moves else ChrootError
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise kind(f"Blender {name} cannot be installed from Debian {release.suite}:\n{tail}")


def isolated(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command, after the options of `unshare` that it adds, in its own namespaces.

    Mounts made there are seen nowhere else. When this process dies, everything inside dies too.
    """
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    return subprocess.run(
        ["setpriv", "--pdeathsig", "KILL", *namespaces, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def engine_binds(python: Path) -> dict[Path, str]:
    """Return the read-only binds with which an engine's Python (a virtual environment) runs inside."""
    code = "import sys; print(sys.prefix, sys.base_prefix, sep='\\n')"
    asked = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    prefixes = {Path(line) for line in asked.stdout.splitlines()}
    if Path("/usr") in prefixes:
        raise ChrootError(f"{python} belongs to /usr, but the chroot has its own: use a Python of pyenv or uv")
    return dict.fromkeys(prefixes, "ro")


def apt_mirror(sources: Path = Path("/etc/apt")) -> str:
    """Return the address of the Debian mirror that this machine's apt is set to."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    for file in (sources / "sources.list", *sorted((sources / "sources.list.d").glob("*"))):
        text = file.read_text() if file.suffix in (".list", ".sources") and file.is_file() else ""
        for address, suites in source_entries(text):
            if codename in suites and address.startswith("http"):
                return address
    raise ChrootError(f"{sources} names no http mirror of Debian {codename!r}: run on Debian")


def source_entries(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (address, suites) of each source of packages in the text of a .list or .sources file."""
    text = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for address, suite in re.findall(r"^deb\s+(?:\[.*?\]\s*)?(\S+)\s+(\S+)", text, flags=re.MULTILINE):
        yield address, [suite]
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^(\S+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, flags=re.MULTILINE))
        if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes").strip() != "no":
            for address in fields["URIs"].split():
                yield address, fields["Suites"].split()


def install_host_packages() -> None:
    """Install what makes a chroot on this machine, where it is missing."""
    if shutil.which("debootstrap") is None:
        packages = ["debootstrap", "debian-archive-keyring"]
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *command], stdout=subprocess.DEVNULL, check=True)


def remove(folder: Path) -> None:
    """Delete a chroot, unless something is mounted in it."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    if below := [place for place in mounts if Path(place).is_relative_to(folder)]:
        raise ChrootError(f"{folder} is not deleted: first unmount {', '.join(below)}")
    shutil.rmtree(folder)
