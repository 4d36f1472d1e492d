"""Batches: many jobs made beside each other, each recorded, none lost and none done twice.

`Plan` gives the jobs of a table, or of sources and seeds, and `check_plan` checks them all before the first one starts.
`run_jobs` passes them to `make` on any `concurrent.futures.Executor`, a bounded number at a time, and keeps the record:

    record, progress = Record(folder), Progress(check_plan(plan, record.owns))
    with record, local_engines(4) as executor:
        run_jobs(plan, record, executor, progress, limits=Limits(time_s=600), in_flight=8)
"""
