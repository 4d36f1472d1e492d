"""Schemas of the JSON that each action of the command prints with --json: one object on one line.

`python build.py reference` lists them in `docs/reference/command.md`; a test compares them with every action's output.
"""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from .. import descriptions


class Answer(BaseModel):
    """Base of all answers, without fields that are not listed."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


def _describe(description: type, **nested: Any) -> Any:
    """The answer with the fields of one of `descriptions`; nested: types of fields that are described as well."""
    fields: dict[str, Any] = {}
    for field, hint in get_type_hints(description, include_extras=True).items():
        kind, *_, text = get_args(hint)
        fields[field] = (nested.get(field, kind), Field(description=text))
    return create_model(description.__name__, __base__=Answer, __doc__=description.__doc__, **fields)


class Failure(Answer):
    """Printed instead of any other answer if the command fails. A bug shows its traceback on stderr instead."""

    error: str = Field(description="kind of error: ParameterError (also for wrong usage), FileError, ModelError, …")
    message: str = Field(description="what was wrong, and the value")
    remedy: str = Field(description="what to do now")


class FailedSource(Failure):
    """One of several sources that failed."""

    source: str = Field(description="the file or folder")


class Progress(Answer):
    """Printed by `train`, `batch` and `weights download` before their answer, at most four lines a second."""

    progress: float = Field(description="fraction done, from 0 to 1")
    message: str = Field(description="what is being done")


class _Files(Answer):
    """Files that recipes made."""

    files: list[str] = Field(description="the files that were written")
    figures: dict[str, float] = Field(description="figures that tools measured, by name")
    notes: list[str] = Field(description="decisions that tools made by themselves, a sentence each")
    warnings: list[str] = Field(description="options without effect and inputs left out, a sentence each")


class Written(_Files):
    """Printed by the actions that write files, such as `generate` and `train`, but for those named below."""

    failed: list[FailedSource] = Field(description="sources that failed, and why")


class Again(_Files):
    """Printed by `rerun`."""

    identical: bool = Field(description="whether the file has the same bytes as the one given")
    differences: list[str] = Field(description="what has changed since: inputs, versions, models, devices")


class PlannedJob(Answer):
    """A job that `batch --dry-run` lists."""

    name: str = Field(description="start of its files' names")
    recipe: str = Field(description="its tools, joined by +")
    size_px: list[int] | None = Field(description="width and height of the result; null if the recipe does not say it")
    done: bool = Field(description="whether it is done already")


class Planned(Answer):
    """Printed by `batch --dry-run`."""

    jobs: list[PlannedJob] = Field(description="all jobs in order")
    to_make: int = Field(description="number of those that are not done")
    unknown: int = Field(description="number of these whose size the recipe does not say")
    pixels: int = Field(description="pixels of the others")
    bytes: int = Field(description="size of the others without compression, if each has six maps")


class FailedJob(Failure):
    """A job of a batch that failed."""

    name: str = Field(description="start of its files' names")
    row: int = Field(description="its row in the table; 0 without a table")
    tries: int = Field(description="number of times that it was tried")


class Batched(Answer):
    """Printed by `batch`, after lines of *Progress*."""

    made: int = Field(description="number of jobs that were made")
    done_before: int = Field(description="number of jobs that were done already")
    failed: int = Field(description="number of jobs that failed")
    failures: list[FailedJob] = Field(description="the first 20 of these")
    notes: list[str] = Field(description="the first notes on results made now, each with the name of a job")
    seconds: float = Field(description="time from the first job to the last")
    files: list[str] = Field(description="batch.jsonl, failures.jsonl and contact_sheet.png")
    warnings: list[str] = Field(description="why the contact sheet could not be written")


class Prepared(Answer):
    """Printed by `prepare`."""

    files: list[str] = Field(description="manifest.json and preview.png")
    manifest: dict[str, Any] = Field(description="content of manifest.json")


InputDescription = _describe(descriptions.InputDescription)
ToolDescription = _describe(
    descriptions.ToolDescription,
    inputs=list[InputDescription],  # type: ignore[valid-type]
    parameters=dict[str, Any],
)
WeightsDescription = _describe(descriptions.WeightsDescription)
PluginDescription = _describe(descriptions.PluginDescription)


class Tools(Answer):
    """Printed by `tools`."""

    tools: list[ToolDescription] = Field(description="the tools, or the one asked for")  # type: ignore[valid-type]


class ModelEntry(Answer):
    """Printed by `models show`; `models list` prints one for each model."""

    name: str = Field(description="as in --model")
    bytes: int = Field(description="size of the file")
    shipped: bool = Field(description="whether it is bundled with a plugin")
    card: dict[str, Any] = Field(description="its card: what it learned from, how, and how well")
    notes: list[str] = Field(description="harmless errors in its card")


class DamagedModel(Answer):
    """A file in the library that is not a model."""

    file: str = Field(description="its path")
    error: str = Field(description="what is wrong with it")


class Models(Answer):
    """Printed by `models` and `models list`."""

    folder: str = Field(description="your library")
    models: list[ModelEntry] = Field(description="your models, and the bundled ones")
    damaged: list[DamagedModel] = Field(description="files that are not models")


class WeightsFile(Answer):
    """A file of published weights."""

    url: str = Field(description="its address")
    sha256: str = Field(description='its hash or the first digits of it; "" if none is published')
    bytes: int = Field(description="its size")


class WeightsDetails(WeightsDescription):  # type: ignore[misc, valid-type]
    """Printed by `weights show`. The last four are null unless they are installed."""

    files: list[WeightsFile] = Field(description="what their authors published")
    file: str | None = Field(None, description="the installed file")
    sha256: str | None = Field(None, description="its hash")
    source: str | None = Field(None, description="where it came from")
    installed_licence: str | None = Field(None, description="the licence that it came with")


class WeightsList(Answer):
    """Printed by `weights` and `weights list`."""

    folder: str = Field(description="where weights are installed")
    weights: list[WeightsDescription] = Field(description="all that tools can use")  # type: ignore[valid-type]


class Installed(Answer):
    """Printed by `models install`, `weights install` and `weights download`."""

    installed: str = Field(description="the file in the library")


class Removed(Answer):
    """Printed by `models remove` and `weights remove`."""

    removed: str = Field(description="the removed file")


class CheckedMap(Answer):
    """One finding of `check`."""

    check: str = Field(description="what was looked at: size, seam, sign, length, albedo, normal and height, …")
    map: str = Field(description="the map's name; empty for the whole set")
    verdict: str = Field(description="error, warning, note (true and harmless) or ok")
    message: str = Field(description="what was found")
    remedy: str = Field(description="what to do; empty if all is well")
    fix: str = Field(description="what --fix does about it; empty if nothing")
    figures: dict[str, float] = Field(description="what was measured, by name")


class CheckedSet(Answer):
    """A map set that `check` looked at."""

    folder: str = Field(description="its folder")
    verdict: str = Field(description="the worst of its findings")
    findings: list[CheckedMap] = Field(description="all findings, worst first")
    mended: list[str] = Field(description="what --fix mended")
    files: list[str] = Field(description="files of the mended set")


class CheckedSets(Answer):
    """Printed by `check`. The exit code is 3 if an error is left that was not mended, or a set could not be read."""

    sets: list[CheckedSet] = Field(description="each set")
    failed: list[FailedSource] = Field(description="folders that could not be checked, and why")


class Device(Answer):
    """A device that PyTorch finds."""

    name: str = Field(description="as in --device")
    label: str = Field(description="what it is")


class Problem(Answer):
    """Something that needs mending."""

    what: str = Field(description="what is wrong")
    remedy: str = Field(description="remedy, such as a command to run")


class Findings(Answer):
    """Printed by `doctor`."""

    impasto: str = Field(description="version")
    python: str = Field(description="version")
    executable: str = Field(description="the Python that runs it")
    platform: str = Field(description="the system")
    packages: dict[str, str | None] = Field(description="their versions; null for a missing one")
    devices: list[Device] = Field(description="available devices")
    plugins: list[PluginDescription] = Field(  # type: ignore[valid-type]
        description="the plugins, including those that could not be loaded"
    )
    tools: list[str] = Field(description="the tools' names")
    problems: list[Problem] = Field(description="what needs mending; empty if all is well")
    warnings: list[Problem] = Field(description="what works, and is better done in another way")


class PluginCheck(Answer):
    """One check of a tool."""

    tool: str = Field(description="the tool's name")
    behaviour: str = Field(description="what holds for every tool")
    problem: str = Field(description="what does not hold; empty if it does")
    skipped: str = Field(description="why it was not checked; empty if it was")


class PluginChecks(Answer):
    """Printed by `plugins check`."""

    checks: list[PluginCheck] = Field(description="every check of every tool of the plugin")


class Completion(Answer):
    """Printed by `completion`."""

    shell: str = Field(description="bash, zsh or fish")
    script: str = Field(description="script for the shell to run")
