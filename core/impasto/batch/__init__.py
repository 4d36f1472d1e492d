"""Batches: many jobs made beside each other, each recorded, none lost and none done twice.

    plan = Plan(table_rows, Recipes(folder), Output(out))
    record = Record(out)
    progress = BatchProgress(check_plan(plan, record.owns))
    with record, local_engines(4) as executor:
        run_jobs(plan, record, executor, progress, limits=Limits(time_s=600), in_flight=8)

Any `concurrent.futures.Executor` can take the place of `local_engines`, such as `distributed.Client.get_executor()`:

- It is given `make`, a job and `Limits`; the future's result is `Made`. All of them and the errors can be pickled. A
  job is some kilobytes, since it names files and does not hold them; `cluster` sends them to machines without them.
- `make` starts an engine for each thread that calls it, and keeps it for later jobs, until it has been idle for some
  minutes. `shared_engines.end()` ends those of a process that goes. After `progress.is_stopped`, what runs goes on
  unless `make` is given a third argument, `is_cancelled`, as `cluster` does.
- A `CrashError` is tried again, and so is any error that is no `ImpastoError`, such as the executor's own for a lost
  machine; all else is the job's own failure. A job whose first result was lost writes the same files again.
- `in_flight` bounds the jobs that are on the executor: twice the number of its threads keeps them busy.
- `BatchJob.key` depends on the versions where it is called: all machines need the same ones.
"""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .checks import check_plan
    from .engines import CrashError, Limits, local_engines, make, shared_engines
    from .job import BatchJob
    from .plan import Output, Plan
    from .progress import BatchProgress
    from .recipes import Recipes
    from .record import Made, Record
    from .running import run_jobs
    from .table import Table

_HOME = {
    "BatchJob": "job",
    "CrashError": "engines",
    "Limits": "engines",
    "Made": "record",
    "Output": "plan",
    "Plan": "plan",
    "BatchProgress": "progress",
    "Recipes": "recipes",
    "Record": "record",
    "Table": "table",
    "check_plan": "checks",
    "local_engines": "engines",
    "make": "engines",
    "run_jobs": "running",
    "shared_engines": "engines",
}

__all__ = [
    "BatchJob",
    "BatchProgress",
    "CrashError",
    "Limits",
    "Made",
    "Output",
    "Plan",
    "Recipes",
    "Record",
    "Table",
    "check_plan",
    "local_engines",
    "make",
    "run_jobs",
    "shared_engines",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'impasto.batch' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
