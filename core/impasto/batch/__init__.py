"""Batches: many jobs run side by side. Each is recorded, none is lost, and none runs twice.

    # of the modules plan, record, checks, engines and running
    plan = Plan(table_rows, Recipes(folder), Output(out))
    record = Record(out)
    progress = BatchProgress(check_plan(plan, record.owns))
    with record, local_engines(4) as executor:
        run_jobs(plan, record, executor, progress, limits=Limits(time_s=600), in_flight=8)

Any `concurrent.futures.Executor` can take the place of `local_engines`, such as `distributed.Client.get_executor()`:

- It gets `make`, a job and `Limits`. The result of the future is a `BatchResult`. All of these, and the errors, can be
  pickled. A job takes some kilobytes, since it only names its files. `cluster` sends files to machines without them.
- `make` starts an engine for each thread that calls it, and reuses it for later jobs. An idle engine ends after some
  minutes, and `shared_engines.end()` ends those of this process at once. After `progress.is_stopped`, running jobs go
  on, unless `make` gets a third argument `is_cancelled`, as from `cluster`.
- A `CrashError` is tried again, and so is any error that is no `ImpastoError`, such as the executor's own for a lost
  machine. Any other error is the job's own failure. A job whose first result was lost writes the same files again.
- `in_flight` limits the jobs on the executor. Twice the number of its threads keeps all of them busy.
- `BatchJob.key` depends on the versions where it is called. All machines need the same ones.
"""
