"""Proof that a change of code changes nothing else: pixels, files, answers of the command, and numbers nobody sees.

    python benchmarks/oracle.py --out before.json                                    # before the change, in minutes
    python benchmarks/oracle.py --out after.json --compare before.json               # after it
    python benchmarks/oracle.py --out after.json --parts tools --tools quilt inpaint # a part, and some tools

Run it by a Python in which Impasto is installed: that Impasto is measured, and may be older than this file.
`oracle.toml` lists commands and recipes. Differences are printed, and end the script with 1. Numbers are
printed beside each other.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ASKED = tomllib.loads((HERE / "oracle.toml").read_text(encoding="utf-8"))
ENVIRONMENT = {"COLUMNS": "100", "NO_COLOR": "1", "OMP_NUM_THREADS": "1", "IMPASTO_PRECISION": "float32"}
IMPASTO = (sys.executable, "-P", "-m", "impasto")
SIDE_PX = 64
TOOLS_PX = 96
"""Side of the photographs that every tool gets."""
LIMIT_S = 60
"""Time for one command, which then ends by a signal."""
VOLATILE = re.compile(
    r'"(seconds|cpu_seconds|[a-z_]*_s|created|made_at|date|time|memory_[a-z_]*)": (-?[\d.e+-]+|"[^"]*")'
)
EXR_DATE = re.compile(rb"(capDate\0string\0....).{19}", re.DOTALL)
BY_NAME = {"gallery.json", ".html", ".jsonl", ".webp", ".checkpoint"}
"""Files that hold times, of which only the names are compared."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="file for what was found")
    parser.add_argument("--compare", type=Path, help="file of an earlier run")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--tools", nargs="+", default=(), help="only these, of the part with this name")
    parser.add_argument("--large", action="store_true", help="also the memory of a streamed result of 8192²: minutes")
    options = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        write_sources(folder)
        for part in options.parts:
            started_s, cpu_s = time.monotonic(), sum(os.times()[:4])
            found[part] = dict(tools(folder, options.tools) if part == "tools" else PARTS[part](folder))
            spent = f"{time.monotonic() - started_s:.0f} s, {sum(os.times()[:4]) - cpu_s:.0f} CPU s"
            print(f"{part}: {len(found[part])} in {spent}", file=sys.stderr)
        if options.large:
            found["numbers"] = {**found.get("numbers", {}), "MiB of a streamed 8192²": streamed_mib(folder)}
    if options.out:
        options.out.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return compare(json.loads(options.compare.read_text()), found) if options.compare else 0


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """Print what differs between two runs; 1 if that is more than numbers."""
    different = 0
    for part in (part for part in after if part in before):
        for name in sorted(before[part].keys() | after[part].keys()):
            one, other = before[part].get(name), after[part].get(name)
            if part == "numbers":
                print(f"{name}: {one} before, {other} after")
            elif one != other:
                different += 1
                print(f"{part}, {name}:", *(f"    {line}" for line in differences(one, other)), sep="\n")
    print(f"{different} differences" if different else "no difference")
    return bool(different)


def differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """A line for each value that differs between two JSON values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from differences(one.get(key), other.get(key), f"{where}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{where}/{number}")
    elif one != other:
        yield f"{where}: {excerpt(one)} before, {excerpt(other)} after"


def excerpt(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 200 else f"{text[:200]}…"


def write_sources(folder: Path) -> None:
    """Pictures, a mesh, tiles, a shot, a table and what an earlier version wrote; libraries of their own."""
    sys.path.append(str(HERE.parent / "tests"))
    from cubes import cube
    from PIL import Image

    from impasto.io.ply import ply_of

    def write(name: str, pixels: np.ndarray) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.uint8(255 * pixels.clip(0, 1))).save(path)

    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    stones = 0.5 + 0.25 * np.sin(x / 5) * np.cos(y / 4 + np.sin(x / 11))
    photo = stones[..., None] * [1, 0.8, 0.6] + 0.1 * rng.random((SIDE_PX, SIDE_PX, 3))
    style = np.stack([(x // 4 + y // 6) % 3 / 2, x / SIDE_PX, rng.random(x.shape)], -1)
    for name, pixels in {"photo": photo, "style": style, "pictures/one": photo, "pictures/two": style}.items():
        write(f"{name}.png", pixels)
    for number in range(4):
        write(f"lit-{number}.png", photo * (0.7 + 0.3 * np.sin(x / 5 + number * np.pi / 2))[..., None])
        write(f"tiles/t.{1001 + number % 2 + 10 * (number // 2)}.png", np.roll(photo, 16 * number, 1))
    write("mask.png", np.float64((abs(x - 30) < 10) & (abs(y - 24) < 8)))
    (folder / "cube.ply").write_bytes(ply_of(cube()))
    for number in range(1, 7):
        frame = np.tile(photo, (1, 2, 1))[:40, 2 * number :][:, :SIDE_PX]
        writing = get_context("fork").Process(
            target=write_frame, args=(folder / "shot" / f"pan_{number:04}.exr", frame)
        )
        writing.start()
        writing.join()
    (folder / "adjust.json").write_text(json.dumps({"steps": [{"tool": "adjust", "parameters": {"saturation": 0.3}}]}))
    with (folder / "jobs.csv").open("w", newline="") as stream:
        rows = [("asphalt", f"job{n:02}", n, 192, 192) for n in range(20)]
        header = ("recipe", "name", "seed", "parameter.width_px", "parameter.height_px")
        csv.writer(stream).writerows([header, *rows])
    shutil.copytree(HERE.parent / "tests" / "earlier", folder / "earlier")
    shutil.copytree(folder / "earlier" / "models", folder / "models")
    shutil.copy(folder / "models" / "wall.png", folder)
    (folder / "weights").mkdir()
    os.environ.update(IMPASTO_MODELS=str(folder / "models"), IMPASTO_WEIGHTS=str(folder / "weights"))


def write_frame(path: Path, color: np.ndarray) -> None:
    """A frame (H, W, 3) as Blender writes it, of a camera that moves two pixels to the right in a frame.

    In a process of its own: threads of OpenEXR in this one would stop those that are forked from it.
    """
    import OpenImageIO as oiio

    path.parent.mkdir(exist_ok=True)
    height, width = color.shape[:2]
    channels = {f"Combined.{name}": color[..., number] for number, name in enumerate("RGB")}
    constants = {"Combined.A": 1, "IndexOB.X": 1, "Vector.X": 2, "Vector.Y": 0, "Vector.Z": 2, "Vector.W": 0}
    channels |= {name: np.full((height, width), value) for name, value in constants.items()}
    spec = oiio.ImageSpec(width, height, len(channels), "float")
    spec.channelnames = tuple(f"View.Layer.{name}" for name in channels)
    output = oiio.ImageOutput.create(str(path))
    output.open(str(path), spec)
    output.write_image(np.stack(list(channels.values()), -1).astype(np.float32))
    output.close()


def command(folder: Path, line: str) -> dict[str, Any]:
    """The command's answers, end and files. It runs in a fork of this process, so that torch is there."""
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    said, started_s = folder.parent / f"{folder.name}.said", time.monotonic()
    child = os.fork()
    if child == 0:
        act(folder, shlex.split(line), said)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(f"{line}: {time.monotonic() - started_s:.1f} s", file=sys.stderr)
    text = stable(said.read_text(encoding="utf-8"), folder)
    said.unlink()
    lines = [json.loads(one) if one.startswith("{") else one for one in text.splitlines()]
    answers = [one for one in lines if not (isinstance(one, dict) and "progress" in one)]
    written = (path for path in sorted(folder.rglob("*")) if before.get(path) != path.stat().st_mtime_ns)
    files = {str(path.relative_to(folder)): digest(path) for path in written if path.is_file() and is_result(path)}
    return {"line": line, "code": code, "answers": answers, "files": files}


def prepare_forks() -> None:
    """Import what every action needs, so that its processes need not."""
    import torch  # noqa: F401

    import impasto.cli.main  # noqa: F401
    from impasto.plugins.installation import description

    description()


def act(folder: Path, arguments: list[str], said: Path) -> None:
    """Run the command in this process, which ends."""
    stream = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(stream, 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.chdir(folder)
    signal.alarm(LIMIT_S)
    sys.argv = ["impasto", *arguments]
    code = 99
    try:
        from impasto.__main__ import main as impasto

        impasto()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        sys.stdout.flush()
        os._exit(code)


def stable(text: str, folder: Path) -> str:
    """The text without this run's folder and times."""
    return VOLATILE.sub(r'"\1": 0', text.replace(str(folder), "FOLDER"))


def is_result(path: Path) -> bool:
    return ".impasto-" not in str(path) and ".part" not in path.suffixes and "weights" not in path.parts


def digest(path: Path) -> str:
    """Hash of a file, but for one that holds times; of a picture's pixels as well, to tell those from its metadata."""
    if BY_NAME & {path.suffix, path.name}:
        return "written"
    content = EXR_DATE.sub(rb"\1", path.read_bytes()) if path.suffix == ".exr" else path.read_bytes()
    known = hashlib.sha256(content).hexdigest()[:12]
    return f"{known}, pixels {pixels_digest(path)}" if path.suffix in {".png", ".jpg"} else known


def pixels_digest(path: Path) -> str:
    from PIL import Image

    with Image.open(path) as picture:
        return array_digest(np.asarray(picture))


def array_digest(array: np.ndarray) -> str:
    content = array.tobytes() if array.dtype.kind != "U" else str(array).encode()
    return f"{array.shape} {hashlib.sha256(content).hexdigest()[:12]}"


def answers(folder: Path) -> Iterator[tuple[str, Any]]:
    """The answer to each line of the command with --json, and each action's help."""
    prepare_forks()
    shutil.copytree(
        folder / "earlier" / "recipes", folder / "a" / "set", ignore=shutil.ignore_patterns("*.json", "*exr*")
    )
    for name, line in ASKED["answers"].items():
        yield name, command(folder, f"--json {line}")
    listed = command(folder, "--help")
    yield "help", listed
    names = re.findall(r"^    ([a-z]+) ", "\n".join(listed["answers"]), re.MULTILINE)
    for name in dict.fromkeys(names):
        yield f"help of {name}", command(folder, f"{name} --help")


def recipes(folder: Path) -> Iterator[tuple[str, Any]]:
    """Results of each recipe, and of `rerun` with its file."""
    prepare_forks()
    for number, (name, steps) in enumerate(ASKED["recipes"].items()):
        file, out = folder / f"recipe-{number}.json", f"made-{number}"
        described = [{"tool": tool, "parameters": own, **dict(*more)} for tool, own, *more in steps]
        file.write_text(json.dumps({"seed": 7, "steps": described}))
        options = ASKED["options"].get(name, "")
        is_alone = "source=" in options or name in ASKED["alone"]["recipes"]
        given = options if is_alone else f"--input source=photo.png {options}"
        yield name, command(folder, f"--json run {file.name} {given} --out {out} --name x")
        inputs = " ".join(re.findall(r"--input \S+", given))
        written = next((folder / out).glob("*base_color*"), None)
        if written:
            yield (
                f"{name} again",
                command(folder, f"--json rerun {written.relative_to(folder)} {inputs} --out {out}-again"),
            )


def tools(folder: Path, wanted: Sequence[str] = ()) -> Iterator[tuple[str, Any]]:
    """Every map, figure and recipe of every tool; errors as their text."""
    import tool_results

    tool_results.SIDE_PX, libraries = TOOLS_PX, folder / "libraries"
    libraries.mkdir()
    with contextlib.redirect_stderr(io.StringIO()):
        for name, array in tool_results.results(libraries, wanted):
            yield name, str(array) if array.dtype.kind == "U" else f"{array_digest(array)}, mean {array.mean():.6g}"


def batch(folder: Path) -> Iterator[tuple[str, Any]]:
    """Twenty rows, of which some are made before the command is killed; the same command makes the others."""
    out = folder / "batch"
    line = "batch jobs.csv --workers 2 --out batch"
    running = subprocess.Popen([*IMPASTO, *shlex.split(line)], cwd=folder, stderr=subprocess.DEVNULL)
    record = out / "batch.jsonl"
    while running.poll() is None and not (record.exists() and record.read_text().count('"name"') >= 3):
        time.sleep(0.01)
    running.kill()
    was_killed = running.wait() != 0
    done = subprocess.run([*IMPASTO, "--json", *shlex.split(line)], cwd=folder, capture_output=True, check=False)
    answer = json.loads(done.stdout.splitlines()[-1])
    total = answer["made"] + answer["done_before"]
    yield (
        "resumed",
        {"killed": was_killed, "went on": answer["done_before"] >= 3, "total": total, "failed": answer["failed"]},
    )
    yield "files", {path.name: digest(path) for path in sorted(out.glob("*")) if "sheet" not in path.name}


def training(folder: Path) -> Iterator[tuple[str, Any]]:
    """The model of a training that an earlier version began: the last two of its four steps."""
    from safetensors.numpy import load_file

    import impasto
    from impasto.data.dataset import read_dataset

    parameters = {"steps": 4, "batch": 2, "width": 16, "name": "longer"}
    recipe = impasto.Recipe((impasto.Step("train-gan", parameters, {"dataset": "dataset"}),), 3)
    options = impasto.RunOptions(models_folder=folder / "models", device="cpu")
    made = impasto.run(recipe, {"dataset": read_dataset(folder / "wall.png")}, options)
    yield "steps", made.figures["steps"]
    for name, array in load_file(folder / "models" / "longer.safetensors").items():
        yield name, array_digest(array)


def numbers(folder: Path) -> Iterator[tuple[str, Any]]:
    """Hits of kept results, seconds from cancel to end, superseded previews, imported modules."""
    yield "modules imported by --help", imported([*IMPASTO, "--help"])
    log = folder / "described.log"
    with worker(log, "-X", "importtime") as ask:
        ask.client.describe().result(120)
    yield "modules imported by a worker that describes", log.read_text().count("import time:")
    with worker(folder / "worker.log") as ask:
        steps = [("bricks", {"width_px": 48, "height_px": 48}), ("tint", {"strength": 0.1}), ("sharpen", {})]
        hits = []
        for strength in (0.1, 0.2, 0.3, 0.2):
            steps[1] = ("tint", {"strength": strength})
            hits.append(sum(ask(steps, keeps=True).result(120).reused))
        yield "hits of kept results when a slider moves", hits
        job = ask([("bricks", {"width_px": 2048, "height_px": 2048})])
        time.sleep(1)
        started_s = time.monotonic()
        job.cancel()
        error_of(job)
        yield "seconds from cancel to end", round(time.monotonic() - started_s, 2)
        jobs = [
            ask([("bricks", {"width_px": 1024, "height_px": 1024, "wear": n / 10})], supersedes="x") for n in range(4)
        ]
        ended = [error_of(job) for job in jobs]
        yield "previews superseded, of four", sum("Cancelled" in one for one in ended)


def error_of(job: Any) -> str:
    """The kind of error with which a job ends; "NoneType" if it has none."""
    try:
        return type(job.exception(120)).__name__
    except CancelledError:
        return "Cancelled"


def imported(command: list[str]) -> int:
    timed = [command[0], "-X", "importtime", *command[1:]]
    return subprocess.run(timed, capture_output=True, text=True, check=True).stderr.count("import time:")


@contextlib.contextmanager
def worker(log: Path, *options: str) -> Iterator[Any]:
    """A client of a worker; called with steps, it returns a job. The one place that knows how requests look."""
    from impasto import Recipe, RunOptions, Step
    from impasto.engine.client import Client

    client = Client([sys.executable, *options, "-P", "-m", "impasto.engine.worker"], log)

    def ask(steps: list[tuple[str, dict[str, Any]]], keeps: bool = False, supersedes: str = "") -> Any:
        recipe = Recipe(tuple(Step(tool, dict(own)) for tool, own in steps), 7)
        return client.submit(recipe, {}, RunOptions(keeps_steps=keeps), supersedes=supersedes)

    ask.client = client  # type: ignore[attr-defined]
    try:
        yield ask
    finally:
        client.close()


def streamed_mib(folder: Path) -> int:
    """Peak memory of a material of 8192² that is made and written tile by tile."""
    line = "generate bricks --size 8192x8192 --stream --out large --name large"
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    asked = [sys.executable, "-c", code, *IMPASTO, *shlex.split(line)]
    return int(subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True).stdout)


PARTS: dict[str, Callable[[Path], Iterator[tuple[str, Any]]]] = {
    "answers": answers,
    "recipes": recipes,
    "batch": batch,
    "numbers": numbers,
    "tools": tools,
    "training": training,
}
"""The parts in their order: those that fork come before those that compute in this process."""

if __name__ == "__main__":
    sys.exit(main())
