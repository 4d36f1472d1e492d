"""`impasto batch`: many results from one recipe or a table, made in several processes. It can be interrupted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..batch.units import parse_memory, parse_resources, parse_time
from ..errors import FileError, Message, ParameterError
from ..system.interruption import Stop
from ..system.untrusted import check_file, excerpt, printable
from .options import add_command, parse_metres, whole_number
from .output import add_output
from .sources import SOURCES_HELP, add_named_inputs, color_space_of, found_sources, named_files
from .tables import plan_table
from .terminal import Terminal

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ..batch.checks import PlannedJob
    from ..batch.engines import Limits
    from ..batch.plan import Plan
    from ..batch.record import Record
    from ..batch.running import BatchProgress

EXAMPLES = (
    "batch brick.json photos --out textures",
    "batch brick.json photos --seeds 3 --pattern '{name}_{seed}' --out textures",
    "batch painted.json photos --input night=night.jpg --workers 4 --time-limit 10min --out painted",
    "batch materials.csv --out textures --dry-run",
    "batch bricks --seeds 8 --out textures --library /studio/library",
    "batch --retry --out textures",
    "batch materials.csv --out /farm/textures --cluster tcp://scheduler:8786",
)
CHANNELS_OF_MATERIAL = 10
"""Channels of base_color, roughness, metallic, normal, height and ambient_occlusion."""


def add_batch(commands: Any) -> None:
    """`impasto batch RECIPE SOURCES… --out DIR` and `impasto batch TABLE --out DIR`."""
    text = "make many results from one recipe or a table; after an interruption, the same command continues"
    parser = add_command(commands, "batch", text, "", _batch)
    parser.epilog = "\n".join(["examples:", *(f"  impasto {example}" for example in EXAMPLES)])
    text = "a recipe, a tool's name, or a table: .csv, .tsv or .jsonl"
    parser.add_argument("what", nargs="?", metavar="RECIPE|TABLE", help=text)
    parser.add_argument("sources", type=Path, nargs="*", metavar="SOURCE", help=f"{SOURCES_HELP}, for a recipe")
    add_named_inputs(parser)
    text = "real-world width of each source in metres"
    parser.add_argument("--width-m", type=parse_metres, metavar="METRES", help=text)
    parser.add_argument(
        "--seeds", type=whole_number(), default=1, metavar="N", help="results of each source (default: 1)"
    )
    text = "names of results, of {name}, {index}, {seed}, {recipe} and {tool} (default: {name}, or {name}_{seed})"
    parser.add_argument("--pattern", metavar="PATTERN", help=text)
    text = "make an asset library of all results in this folder, which a studio can serve; needs Blender with Impasto"
    parser.add_argument("--library", type=Path, metavar="DIR", help=text)
    parser.add_argument("--dry-run", action="store_true", help="list what would be made, and its size")
    parser.add_argument("--retry", action="store_true", help="make only the jobs in failures.jsonl")
    add_output(parser, can_stream=False, is_batch=True)
    _add_workers(parser)
    _add_cluster(parser)
    parser.set_defaults(default_of=parser.get_default)


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a Dask cluster (pip install 'impasto[cluster]')")
    text = "run on the workers of this scheduler, tcp://HOST:PORT or tls://HOST:PORT"
    group.add_argument("--cluster", metavar="ADDRESS", help=text)
    text = "send inputs and results, for workers that do not see the folders"
    group.add_argument("--send", action="store_true", help=text)
    text = "Dask resources that a job needs, such as GPU=1"
    group.add_argument("--resources", type=parse_resources, default={}, metavar="NAME=N", help=text)
    for option, text in (
        ("ca-file", "certificate authority"),
        ("cert", "certificate"),
        ("key", "key of the certificate"),
    ):
        group.add_argument(f"--tls-{option}", type=Path, metavar="PEM", help=f"{text} for tls:// (default: Dask's own)")


def _add_workers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("workers")
    text = "processes (default: one for each processor core or graphics card)"
    group.add_argument("--workers", type=whole_number(), metavar="N", help=text)
    text = "processor threads of each (default: 1, or with graphics cards their share)"
    group.add_argument("--threads", type=whole_number(), metavar="N", help=text)
    group.add_argument("--time-limit", type=parse_time, metavar="TIME", help="for each job, such as 90s or 10min")
    group.add_argument("--memory-limit", type=parse_memory, metavar="SIZE", help="for each job, such as 4GiB")
    text = "tries of a job whose process dies (default: 2)"
    group.add_argument("--tries", type=whole_number(), default=2, metavar="N", help=text)
    text = "do not write contact_sheet.png"
    group.add_argument("--no-contact-sheet", dest="contact_sheet", action="store_false", help=text)


def _batch(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..batch.checks import check_plan, dry_run_jobs
    from ..batch.record import Record
    from ..io.blend import check_blender

    _check_options(arguments)
    if arguments.library and not arguments.dry_run:
        check_blender()
    record = Record(arguments.out)
    plan = _plan_of_failures(record, arguments) if arguments.retry else _plan(arguments)
    total = check_plan(plan, record.owns)
    if arguments.dry_run:
        planned = _dry_run(dry_run_jobs(plan, record), arguments.format)
        terminal.say(planned, plan_table(planned))
        return
    with record:
        progress = _run(plan, record, total, arguments, terminal)
        files = [record.path, *filter(None, [record.tidy()])]
        if arguments.contact_sheet:
            files += _write_contact_sheet(progress, record, terminal)
    if arguments.library:
        files += _write_library(record, arguments.library, terminal)
    terminal.report_batch(progress, files)
    if progress.exit_code:
        sys.exit(progress.exit_code)


FOR_CLUSTER = ("--send", "--resources", "--tls-ca-file", "--tls-cert", "--tls-key")
OF_FAILURES = ("--input", "--width-m", "--seeds", "--pattern", "--format", "--export")
"""Options for which each job in failures.jsonl has its own value."""


def _check_options(arguments: argparse.Namespace) -> None:
    """Raise ParameterError for an option that would have no effect, FileError for a certificate that cannot be read."""
    if arguments.retry and (option := _first_given(arguments, OF_FAILURES)):
        message = "--retry makes the jobs in failures.jsonl as they are, and {} was given"
        raise ParameterError(message, "leave it out", option)
    if arguments.cluster is None:
        if option := _first_given(arguments, FOR_CLUSTER):
            raise ParameterError("{} is for a cluster", "add --cluster ADDRESS, or leave it out", option)
        return
    kind, separator, place = arguments.cluster.partition("://")
    if not separator:
        raise ParameterError("--cluster is {}", "write tcp://HOST:PORT or tls://HOST:PORT", excerpt(arguments.cluster))
    for file in filter(None, (arguments.tls_ca_file, arguments.tls_cert, arguments.tls_key)):
        check_file(file)
        if kind != "tls":
            message = Message("certificates are for tls://, and --cluster is {}", excerpt(arguments.cluster))
            raise ParameterError(message, "write --cluster tls://{}, or leave the files out", printable(place))


def _first_given(arguments: argparse.Namespace, options: Sequence[str]) -> str:
    """The first of these options whose value is not its default; "" if there is none."""
    values = ((option, option.removeprefix("--").replace("-", "_")) for option in options)
    return next((option for option, name in values if getattr(arguments, name) != arguments.default_of(name)), "")


def _dry_run(jobs: Sequence[PlannedJob], format_: str) -> dict[str, Any]:
    sizes = [job.size_px for job in jobs if job.size_px and not job.done]
    pixels = sum(width * height for width, height in sizes)
    size_bytes = pixels * CHANNELS_OF_MATERIAL * (1 if format_ == "png" else 2)
    to_make = sum(not job.done for job in jobs)
    unknown = to_make - len(sizes)
    return {"jobs": jobs, "to_make": to_make, "unknown": unknown, "pixels": pixels, "bytes": size_bytes}


def _write_contact_sheet(progress: BatchProgress, record: Record, terminal: Terminal) -> list[Path]:
    from ..batch.contact_sheet import contact_sheet
    from ..io.map_files import CONTACT_SHEET
    from ..system.transaction import replace_files

    path = record.folder / CONTACT_SHEET
    with terminal.progress() as show:
        show(1.0, f"drawing {CONTACT_SHEET}")
        try:
            replace_files({path: contact_sheet(progress.sample.items, record.folder)})
        except FileError as error:  # it must not hide the failures of jobs
            terminal.warn(str(error))
            return []
    return [path]


def _write_library(record: Record, folder: Path, terminal: Terminal) -> list[Path]:
    """Write the asset library of all recorded results, and return its files."""
    from ..batch.asset_list import write_asset_list
    from ..io.blend import write_library
    from ..system.transaction import temporary_folder

    with terminal.progress() as show, temporary_folder() as temporary:
        show(1.0, "drawing previews")
        listed, count = write_asset_list(record.results(), record.folder, temporary, terminal.warn)
        if not count:
            raise FileError("no result in {} can be an asset", "make some that have a base colour", record.folder)
        library = write_library(listed, folder, lambda _fraction: show(1.0, "writing the library"))
    if not library["has_index"]:
        terminal.warn("this Blender writes no index for a server: copy the folder, or use Blender 5.2 or newer")
    return [folder / name for name in library["files"]]


def _plan(arguments: argparse.Namespace) -> Plan:
    from ..batch.names import check_pattern
    from ..batch.plan import Output, Plan, Recipes, rows_of_sources
    from ..batch.table import Table, is_table
    from ..io.presets import packing_of

    if arguments.what is None:
        raise ParameterError("neither a recipe nor a table is given", "see `impasto batch --help`")
    usual = "{name}_{seed}" if arguments.seeds > 1 else "{name}"
    pattern = check_pattern(usual if arguments.pattern is None else arguments.pattern)
    packing_of(arguments.export)
    output = Output(arguments.out, pattern, arguments.format, arguments.force, arguments.device, arguments.export)
    path = Path(arguments.what)
    if is_table(path):
        if arguments.sources or arguments.input or arguments.width_m or arguments.seeds > 1 or arguments.colorspace:
            message = "a table names the sources, the inputs, the seeds and the widths itself"
            raise ParameterError(message, "leave the options out, and add columns")
        table = Table.read(path)
        return Plan(lambda: table, Recipes(path.parent), output)
    sources: Sequence[Path | None] = found_sources(arguments.sources) if arguments.sources else [None]
    inputs = named_files(arguments.input)
    recipes = Recipes(Path())
    first = recipes.of(arguments.what, inputs).seed
    seeds = range(first, first + arguments.seeds)
    space = color_space_of(arguments)
    rows = partial(rows_of_sources, arguments.what, sources, inputs, seeds, arguments.width_m, space)
    return Plan(rows, recipes, output)


def _plan_of_failures(record: Record, arguments: argparse.Namespace) -> Plan:
    from ..batch.plan import Output, Plan, Recipes
    from ..batch.record import jobs_of

    if arguments.what:
        message = "--retry makes the jobs in failures.jsonl, and takes no recipe"
        raise ParameterError(message, "leave {} out, or leave --retry out", arguments.what)
    if next(record.failures(), None) is None:
        raise ParameterError("no failures are recorded in {}", "run the batch without --retry", record.folder)
    output = Output(arguments.out, replace=arguments.force, device=arguments.device)
    return Plan(lambda: jobs_of(record.failures()), Recipes(Path()), output)


def _run(plan: Plan, record: Record, total: int, arguments: argparse.Namespace, terminal: Terminal) -> BatchProgress:
    """Run the batch. After a signal, Cancelled says how many jobs are done."""
    from ..batch.running import BatchProgress, run_jobs

    stop, progress = Stop(), BatchProgress(total)
    executors = _on_this_machine if arguments.cluster is None else _on_cluster
    with terminal.progress(in_json=True) as show, executors(total, arguments) as (executor, limits, in_flight):
        run_jobs(
            plan,
            record,
            executor,
            progress,
            limits=limits,
            in_flight=in_flight,
            tries=arguments.tries,
            on_progress=lambda progress: show(progress.handled / total, progress.words),
            is_stopped=stop.is_set,
        )
    if progress.is_stopped:
        done = progress.made + progress.before
        raise stop.cancellation(f"cancelled; {done} of {total} are done, and the same command goes on with the others")
    return progress


@contextmanager
def _on_this_machine(total: int, arguments: argparse.Namespace) -> Iterator[tuple[Executor, Limits, int]]:
    """Engines of this machine, the limits of each, and the number of jobs to submit at a time."""
    from ..batch.engines import Limits, local_engines, share

    chosen = share(
        total,
        arguments.device,
        workers=arguments.workers or 0,
        threads=arguments.threads or 0,
        memory_bytes=arguments.memory_limit,
    )
    limits = Limits(arguments.time_limit, arguments.memory_limit, chosen.threads, chosen.gpus)
    with local_engines(chosen.workers) as executor:
        yield executor, limits, 2 * chosen.workers


@contextmanager
def _on_cluster(_total: int, arguments: argparse.Namespace) -> Iterator[tuple[Executor, Limits, int]]:
    """`_on_this_machine` for a Dask cluster."""
    from ..batch.cluster import Security, dask_cluster
    from ..batch.engines import Limits

    if arguments.workers:
        raise ParameterError("the workers of a cluster are not started here", "leave --workers out, or --cluster")
    security = Security(arguments.tls_ca_file, arguments.tls_cert, arguments.tls_key)
    limits = Limits(arguments.time_limit, arguments.memory_limit, arguments.threads or 1)
    place, resources = (arguments.cluster, arguments.out), arguments.resources
    with dask_cluster(*place, is_sent=arguments.send, resources=resources, security=security) as executor:
        yield executor, limits, 2 * executor.threads
