"""What each action of the command prints with --json: one object in one line, of these shapes.

`docs/command.md` lists their fields; a test runs every action and holds both to what is printed.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of all answers: no field that is not listed."""

    model_config = ConfigDict(extra="forbid")


class Failure(Answer):
    """Instead of any other answer where the command fails; a bug shows its traceback on stderr instead."""

    error: str = Field(description="kind of error: ParameterError (wrong usage too), FileError, ModelError, …")
    message: str = Field(description="what was wrong, with which value")
    remedy: str = Field(description="what to do now")


class FailedSource(Failure):
    """One of several sources that nothing was made of."""

    source: str = Field(description="the file or folder")


class Progress(Answer):
    """Printed by `train` and `weights download` before their answer, at most four lines a second."""

    progress: float = Field(description="how much is done, from 0 to 1")
    message: str = Field(description="what is being done")


class Written(Answer):
    """Printed by `generate`, `seamless`, `maps`, `apply`, `stylize`, `run` and `train`."""

    files: list[str] = Field(description="the files that were written")
    figures: dict[str, float] = Field(description="figures that tools measured, by name")
    notes: list[str] = Field(description="what tools decided by themselves, a sentence each")
    warnings: list[str] = Field(description="what was given in vain, or left out, a sentence each")
    failed: list[FailedSource] = Field(description="of several sources those that nothing was made of, and why")


class Again(Answer):
    """Printed by `rerun`."""

    files: list[str] = Field(description="the files that were written")
    figures: dict[str, float] = Field(description="figures that tools measured, by name")
    notes: list[str] = Field(description="what tools decided by themselves, a sentence each")
    warnings: list[str] = Field(description="what was given in vain, or left out, a sentence each")
    identical: bool = Field(description="whether the file holds the same bytes as the one given")
    differences: list[str] = Field(description="what was not as it was then: inputs, versions, models, devices")


class Prepared(Answer):
    """Printed by `prepare`."""

    files: list[str] = Field(description="manifest.json and preview.png")
    manifest: dict[str, Any] = Field(description="what manifest.json holds")


class ToolInput(Answer):
    """An input of a tool beside its subject."""

    name: str = Field(description="its name in a recipe's step")
    description: str = Field(description="what it is for")
    required: bool = Field(description="whether the tool does nothing without it")
    kind: str = Field(description="maps or dataset")


class ToolDescription(Answer):
    """All that is known of a tool."""

    name: str = Field(description="as in recipes and options")
    kind: str = Field(description="generator, stylizer, estimator, filter or trainer")
    label: str = Field(description="as in Blender")
    description: str = Field(description="what it does")
    rank: int = Field(description="its place among others of its kind; those that teach have 90 and more")
    needs: list[str] = Field(description="the maps that its subject must have")
    needs_source: bool = Field(description="whether it makes nothing without a source")
    uses_subject: bool = Field(description="whether its subject gives it more than a size")
    weights: list[str] = Field(description="published weights of which one is needed")
    inputs: list[ToolInput] = Field(description="inputs beside the subject")
    makes_tiles: bool = Field(description="whether its result may be larger than memory")
    parameters: dict[str, Any] = Field(description="JSON Schema of its parameters")


class Tools(Answer):
    """Printed by `tools`."""

    tools: list[ToolDescription] = Field(description="the tools, or the one asked for")


class ModelEntry(Answer):
    """Printed by `models show`; `models list` prints one for each model."""

    name: str = Field(description="as in --model")
    bytes: int = Field(description="size of the file")
    shipped: bool = Field(description="whether a plugin brought it")
    card: dict[str, Any] = Field(description="what it learned from, how, and how well")
    notes: list[str] = Field(description="what of its card is wrong but does not matter")


class DamagedModel(Answer):
    """A file in the library that is no model."""

    file: str = Field(description="its path")
    error: str = Field(description="what is wrong with it")


class Models(Answer):
    """Printed by `models` and `models list`."""

    folder: str = Field(description="your library")
    models: list[ModelEntry] = Field(description="yours, and those that plugins brought")
    damaged: list[DamagedModel] = Field(description="files that are no models")


class WeightsEntry(Answer):
    """Published weights, as `weights list` prints them."""

    name: str = Field(description="as in `weights download NAME`")
    label: str = Field(description="as in Blender")
    description: str = Field(description="what they are")
    licence: str = Field(description="their licence")
    page: str = Field(description="where their authors describe them")
    bytes: int = Field(description="size of the download")
    downloadable: bool = Field(description="whether `weights download` can fetch them")
    installed: bool = Field(description="whether they are here")
    as_published: bool | None = Field(description="whether the installed file is the published one; null: not known")
    error: str = Field(description="what is wrong with the installed file")
    how_to_get: str = Field(description="what to do where they are not installed")


class PublishedFile(Answer):
    """A file of published weights."""

    url: str = Field(description="its address")
    sha256: str = Field(description='its hash or the first digits of it; "" where none is published')
    bytes: int = Field(description="its size")


class WeightsDetails(WeightsEntry):
    """Printed by `weights show`. The last four are null unless they are installed."""

    files: list[PublishedFile] = Field(description="what their authors published")
    file: str | None = Field(None, description="the installed file")
    sha256: str | None = Field(None, description="its hash")
    source: str | None = Field(None, description="where it came from")
    installed_licence: str | None = Field(None, description="the licence that it came with")


class WeightsList(Answer):
    """Printed by `weights` and `weights list`."""

    folder: str = Field(description="where weights are installed")
    weights: list[WeightsEntry] = Field(description="all that tools can use")


class Installed(Answer):
    """Printed by `models install`, `weights install` and `weights download`."""

    installed: str = Field(description="the file in the library")


class Removed(Answer):
    """Printed by `models remove` and `weights remove`."""

    removed: str = Field(description="the file that is gone")


class Case(Answer):
    """A material that a model was judged by."""

    label: str = Field(description="the model's class; empty where it has none")
    data: list[str] = Field(description="the real pictures beside it")
    held_out: bool = Field(description="whether the model did not learn from them")
    floor: dict[str, float] = Field(description="what real pictures score beside each other")
    mean: dict[str, float] = Field(description="mean of each figure over the seeds")
    deviation: dict[str, float] = Field(description="its deviation over the seeds")
    missed: list[str] = Field(description="figures whose mean is not where it should be")
    seeds: list[dict[str, Any]] = Field(description="the figures of each seed, also level by level and map by map")


class Evaluation(Answer):
    """Printed by `evaluate`, and kept in evaluation.json but for `files`."""

    impasto: str = Field(description="version")
    model: str = Field(description="name of the model")
    sha256: str = Field(description="hash of its file")
    tool: str = Field(description="the generator that runs it")
    size_px: int = Field(description="side of each result")
    cases: list[Case] = Field(description="one, or one for each class")
    files: list[str] = Field(description="evaluation.json and contact_sheet.png, with --out")


class Device(Answer):
    """A device that PyTorch finds."""

    name: str = Field(description="as in --device")
    label: str = Field(description="what it is")


class PluginReport(Answer):
    """A plugin as it was found."""

    name: str = Field(description="its entry point")
    distribution: str = Field(description="the package")
    version: str = Field(description="the package's version")
    error: str = Field(description="why it could not be loaded; empty where it works")
    remedy: str = Field(description="what to do about it")


class Problem(Answer):
    """Something to mend."""

    what: str = Field(description="what is wrong")
    remedy: str = Field(description="what to do about it")


class Findings(Answer):
    """Printed by `doctor`."""

    impasto: str = Field(description="version")
    python: str = Field(description="version")
    executable: str = Field(description="the Python that runs it")
    platform: str = Field(description="the system")
    packages: dict[str, str | None] = Field(description="versions; null where one is missing")
    devices: list[Device] = Field(description="the devices to choose from")
    plugins: list[PluginReport] = Field(description="the plugins, also those that could not be loaded")
    tools: list[str] = Field(description="the tools' names")
    problems: list[Problem] = Field(description="what is to be mended; empty where all is well")


class Completion(Answer):
    """Printed by `completion`."""

    shell: str = Field(description="bash, zsh or fish")
    script: str = Field(description="what the shell is to run")
