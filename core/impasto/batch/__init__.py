"""Batches: many jobs made beside each other, each recorded, none lost and none done twice.

    # of the modules plan, record, checks, engines and running
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
