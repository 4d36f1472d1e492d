"""Impasto's task runner: set-up, demo, tests, extension, lint and benchmarks. Standard library only.

Every environment lives under .build and is keyed by a hash of what defines it, so that a second run starts
at once and a changed requirement makes a fresh one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tasks.demo import SAMPLES, demo, pictures, strip
from tasks.environments import (
    BPY_VERSIONS,
    BUILD,
    CORE,
    CORE_NUMPY_1,
    LINT,
    NEWEST_BPY,
    ROOT,
    TENSORFLOW,
    TESTS,
    blender,
    bpy_environment,
    clean_environment,
    ending_all,
)
from tasks.extension import build_extension
from tasks.messages import BuildError, step
from tasks.models import MODELS, models
from tasks.release import release
from tasks.stereo import stereo
from tasks.testing import test
from tasks.thumbnails import thumbnails

EXAMPLES = """examples:
  python build.py demo                         a photograph of bricks becomes a material; look into out/demo
  python build.py demo --photo wall.jpg --size 2048
  python build.py demo --blender /usr/bin/blender
  python build.py test                         all tests, in the core's environment and in three Blenders
  python build.py test core/test_wire.py       some of them, in seconds; -k NAME chooses by name
  python build.py test blender/test_jobs.py    in Blender 5.0; --only blender-4.2 in another one
  python build.py impasto seamless wall.jpg --out textures
"""


def setup(_: argparse.Namespace) -> None:
    """Make every environment that the other commands need."""
    for environment in (TESTS, CORE_NUMPY_1, TENSORFLOW, LINT, *map(bpy_environment, BPY_VERSIONS)):
        environment.ready()


def extension(_: argparse.Namespace) -> None:
    """Build the extension's zip for Blender."""
    CORE.ready()
    with step("Building the extension"):
        built = build_extension()
    print(f"{built}: install it in Blender under Preferences, Get Extensions, Install from Disk")


BLENDER_TYPES = ("--disable-error-code", "valid-type")
"""Of the extension: Blender's properties are calls where Python has types."""


def lint(options: argparse.Namespace) -> None:
    """ruff, its formatter, mypy, and checks of our own."""
    python = LINT.ready()
    TESTS.ready()
    targets = ["core", "plugins", "blender_addon", "tests", "benchmarks", "docs", "tasks", "build.py"]
    how = [] if options.fix else ["--check"]
    fix = ["--fix"] if options.fix else []
    commands = (
        ["ruff", "check", *fix, *targets],
        ["ruff", "format", *how, *targets],
        ["mypy", "--python-executable", str(TESTS.python)],
        ["mypy", "--python-executable", str(TESTS.python), "-p", "blender_addon", *BLENDER_TYPES],
    )
    codes = [subprocess.run([python, "-P", "-m", *command], cwd=ROOT, check=False).returncode for command in commands]
    environment = clean_environment(PYTHONPATH=ROOT)
    codes.append(subprocess.run([TESTS.python, "-P", "-m", "tasks.checks"], env=environment, check=False).returncode)
    codes += generate(is_check=True)
    if any(codes):
        sys.exit(1)


def reference(_: argparse.Namespace) -> None:
    """Write what is generated in docs/reference: of tools, the command, the library, and what Blender shows."""
    if any(generate()):
        sys.exit(1)


def generate(is_check: bool = False) -> list[int]:
    """Write the generated pages, or check that they are current; each program's exit status.

    A check leaves out Blender's pages where no environment for them has been made yet.
    """
    python, in_blender, more = TESTS.ready(), blender(NEWEST_BPY), ["--check"] * is_check
    commands = [
        [python, "-m", f"tasks.{name}", *more]
        for name in ("tools_page", "command_page", "answers_page", "library_page")
    ]
    if not is_check or in_blender.is_ready:
        commands.append([in_blender.ready(), "-m", "tasks.blender_pages", *more, build_extension()])
    with tempfile.TemporaryDirectory() as profile:
        environment = clean_environment(PYTHONPATH=ROOT, IMPASTO_ENGINE=python, BLENDER_USER_RESOURCES=profile)
        return [
            subprocess.run([one, "-P", *words], cwd=ROOT, env=environment, check=False).returncode
            for one, *words in commands
        ]


def bench(options: argparse.Namespace) -> None:
    """Measure start-up and each tool, side by side in one run."""
    TESTS.ready()
    environment = clean_environment(IMPASTO_BLENDER=bpy_environment("5.0").ready(), IMPASTO_EXTENSION=build_extension())
    environment.pop("OMP_NUM_THREADS")
    script = ROOT / "benchmarks" / "bench.py"
    sys.exit(
        subprocess.run([TESTS.python, script, *options.arguments], cwd=ROOT, env=environment, check=False).returncode
    )


def mutations(options: argparse.Namespace) -> None:
    """Break the code in a copy, one error at a time, and report whether its tests notice."""
    command = [TESTS.ready(), "-P", "-m", "mutations", *options.arguments]
    environment = clean_environment(PYTHONPATH=ROOT / "tests")
    sys.exit(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)


def impasto(options: argparse.Namespace) -> None:
    """Run the `impasto` command in the core's environment."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    command = [CORE.ready(), "-I", "-m", "impasto", *options.arguments]
    if os.name == "posix":  # a signal then reaches the command itself
        os.execve(command[0], command, environment)
    sys.exit(subprocess.run(command, env=environment, check=False).returncode)


PASSED_ON = (bench, mutations, impasto)
"""The commands whose arguments, --help among them, are for what they run."""


PICTURING = (pictures, strip, thumbnails, stereo)
"""The commands that make pictures of the documentation."""


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(function: object) -> argparse.ArgumentParser:
        text = (function.__doc__ or "").strip()
        one = commands.add_parser(function.__name__, help=text, description=text)  # type: ignore[attr-defined]
        one.set_defaults(run=function)
        return one

    add(setup)
    demo_, pictures_, strip_ = add(demo), add(pictures), add(strip)
    for one in (demo_, pictures_, strip_):
        one.add_argument("--blender", metavar="PATH", help="an installed Blender, 4.2 or newer, instead of the wheel")
    for one in (demo_, pictures_):
        one.add_argument("--size", type=int, default=1024, help="side of the result in pixels (default: 1024)")
    pictures_.set_defaults(photo=None, tint=None)
    pictures_.add_argument("--windows", action="store_true", help="only those of windows, from the last tests of them")
    strip_.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of free pictures and models")
    strip_.add_argument("--window", type=Path, metavar="FILE", help="a picture of Blender, for a panel of its own")
    demo_.add_argument("--photo", metavar="FILE", help="your own photograph")
    demo_.add_argument("--sample", default="brick", choices=SAMPLES, help="a bundled photograph")
    demo_.add_argument("--tint", choices=[*SAMPLES, "none"], help="colours for a grey photograph")
    test_ = add(test)
    test_.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="SESSION",
        help="core, plugins, core-numpy-1, hostile, blender-5.0, …",
    )
    test_.add_argument("--all", action="store_true", help="everything, in every environment: some 45 minutes")
    test_.add_argument("--windows", action="store_true", help="also in real Blender windows (Debian, needs root)")
    test_.add_argument("--seed", type=int, metavar="N", help="which dozen of each register runs; a new one by default")
    test_.add_argument("--shuffle", type=int, metavar="N", help="a random order of files by this seed")
    test_.add_argument("-k", metavar="EXPRESSION", help="only tests whose names match")
    test_.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="only these tests, such as core/test_wire.py; options of pytest after --",
    )
    models_ = add(models)
    models_.add_argument("names", nargs="*", metavar="NAME", help="only these")
    models_.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the PBR sets")
    models_.add_argument("--out", type=Path, default=MODELS, metavar="DIR", help="where they go (default: the plugin)")
    models_.add_argument("--pack", action="store_true", help="train none, only pack them, with what they learned")
    add(thumbnails).add_argument("--tools", action="store_true", help="instead, what each other tool makes")
    add(stereo)
    add(extension)
    add(release)
    add(reference)
    add(lint).add_argument("--fix", action="store_true", help="mend what can be mended")
    for function in PASSED_ON:
        add(function).usage = f"build.py {function.__name__} [ARGUMENT ...]"
    return parser


def main() -> None:
    given = sys.argv[1:]
    arguments = given[1:] if given and given[0] in [function.__name__ for function in PASSED_ON] else []
    options = make_parser().parse_args(given[: len(given) - len(arguments)], argparse.Namespace(arguments=arguments))
    BUILD.mkdir(exist_ok=True)
    try:
        with ending_all():
            options.run(options)
            if options.run in PICTURING:
                command = [TESTS.ready(), "-P", "-m", "tasks.pictures"]
                subprocess.run(command, cwd=ROOT, env=clean_environment(PYTHONPATH=ROOT), check=True)
    except BuildError as error:
        sys.exit(f"build.py: {error}")


if __name__ == "__main__":
    main()
