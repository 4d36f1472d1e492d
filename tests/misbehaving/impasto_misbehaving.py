"""A third party's plugin for tests: one fast tool with every kind of parameter, and tools that behave badly."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Literal

import numpy as np

from impasto import Maps, hookimpl
from impasto.errors import Cancelled
from impasto.library.models import save_model
from impasto.tools import (
    Color,
    Field,
    Filter,
    Generator,
    Input,
    Parameters,
    Result,
    SizeParameters,
    Stylizer,
    Trainer,
    sliders_field,
    visible_if,
)
from impasto_misbehaving_tools import STEP_S, TOOLS, Blotches, MeanColor, WordCount, tool


class CheckerParameters(SizeParameters):
    squares: int = Field(4, ge=1, le=64, description="Squares along each side")
    contrast: float = Field(0.7, ge=0, le=1, title="Contrast", description="How far the two colours are apart")
    color: Color = Field((0.8, 0.2, 0.1), description="Colour of the light squares")
    offset: tuple[float, float] = Field((0.0, 0.0), description="Shift in squares, across and down")
    pattern: Literal["checker", "stripes"] = Field("checker", description="How the squares are laid out")
    diagonal: bool = Field(
        False, description="Turn the stripes by 45 degrees", json_schema_extra=visible_if("pattern", "stripes")
    )
    note: str = Field("", description="Ignored by the tool")


class Checker(Generator):
    """Squares over the source's colours, with every map: quick, and another picture for another seed."""

    name, label, description = "checker", "Checker", "Squares in two colours, for tests"
    parameters = CheckerParameters

    def apply(self, subject, parameters, inputs, context):
        height, width = parameters.size_px(subject)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        column = x * parameters.squares / width + parameters.offset[0]
        row = y * parameters.squares / height + parameters.offset[1]
        row = row if parameters.pattern == "checker" else np.zeros_like(row)
        light = ((np.floor(column) + np.floor(row)) % 2 < 1)[..., None]
        noise = context.rng.uniform(0, 0.1, (height, width, 1)).astype(np.float32)
        value = np.where(light, 1.0, 1.0 - parameters.contrast).astype(np.float32) * (1 - noise)
        context.preview(Maps.from_arrays({"base_color": value * np.float32(parameters.color)}))
        arrays = {
            "base_color": value * np.float32(parameters.color),
            "roughness": 0.3 + 0.4 * value,
            "metallic": np.zeros_like(value),
            "normal": np.broadcast_to(np.float32((0.5, 0.5, 1.0)), (height, width, 3)),
            "height": value,
            "ambient_occlusion": np.ones_like(value),
        }
        scale_m = subject.width_m and subject.width_m * width / subject.size_px[1]
        return Maps.from_arrays(arrays, width_m=scale_m, height_range_m=0.01, name=subject.name)


class Seconds(SizeParameters):
    seconds: float = Field(30.0, ge=0, le=600, description="How long it takes")


@tool(Generator, "Takes its time", Seconds, uses_subject=False)
def slow(subject, parameters, inputs, context):
    """Reports progress and lets itself be cancelled at once."""
    grey = _grey(*parameters.size_px(subject))
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < parameters.seconds:
        context.progress(elapsed / parameters.seconds, f"Waiting for {parameters.seconds - elapsed:.0f} s")
        context.preview(grey)
        time.sleep(STEP_S)
    return grey


@tool(Generator, "Ignores that it is cancelled", Seconds, uses_subject=False)
def hang(subject, parameters, inputs, context):
    time.sleep(parameters.seconds)
    return _grey(*parameters.size_px(subject))


@tool(Generator, "Swallows every Exception", Seconds, uses_subject=False)
def swallow(subject, parameters, inputs, context):
    started = time.monotonic()
    while time.monotonic() - started < parameters.seconds:
        try:
            context.progress(0.5, "Swallowing")
        except Exception:  # noqa: BLE001
            continue
        time.sleep(STEP_S)
    return _grey(*parameters.size_px(subject))


class LearnParameters(Parameters):
    name: str = Field("untitled", description="Name of the model")
    steps: int = Field(10, ge=1, le=100000, description="Steps, each of 0.05 s")
    sliders: str = Field("warmth", description="Names of the model's sliders, with spaces between")


PICTURES = Input("dataset", "the pictures that it learns from", kind="dataset")


@tool(Trainer, "Learns the mean colour of its data", LearnParameters, inputs=(PICTURES,))
def learn(subject, parameters, inputs, context):
    """Stopped, it keeps what it has; cancelled, it leaves a checkpoint as trainers do."""
    path, steps, done = context.models.path(parameters.name), parameters.steps, 0
    try:
        while done < steps and not context.is_stopped():
            context.progress(done / steps, f"Step {done} of {steps}, loss {1 / (done + 1):.2f}")
            context.preview(_grey(64, 64))
            time.sleep(STEP_S)
            done += 1
    except Cancelled:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".checkpoint").write_text(str(done))
        raise
    dataset = inputs["dataset"]
    color = np.mean([sample.load()["base_color"].pixels.mean((0, 1)) for sample in dataset.samples], 0)
    card = {"name": parameters.name, "architecture": "one colour", "tool": "recall", "data": dataset.sources()}
    card["figures"] = {"steps": float(done)}
    card["sliders"] = [{"name": name, "description": f"More {name}"} for name in parameters.sliders.split()]
    model = save_model(path, {"color": color.astype(np.float32)}, card)
    return Result(models=(model.path,), figures={"steps": float(done)})


class RecallParameters(SizeParameters):
    model: str = Field("", description="Name of a trained model", json_schema_extra={"format": "model"})
    sliders: dict[str, float] = sliders_field()


@tool(Generator, "Makes one colour that was learned", RecallParameters, uses_subject=False)
def recall(subject, parameters, inputs, context):
    color = context.load_model(parameters.model, "recall")[1]["color"].copy()
    color[0] += 0.1 * sum(parameters.sliders.values())
    shade = np.float32(context.rng.uniform(0.8, 1.0))
    pixels = np.broadcast_to(color * shade, (*parameters.size_px(subject), 3))
    return Maps.from_arrays({"base_color": np.clip(pixels, 0, 1)})


@tool(Filter, "Ends the worker")
def die(subject, parameters, inputs, context):
    """As a crash in native code or the kernel's memory killer would."""
    if os.name == "nt":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


@tool(Filter, "Ends the worker mid-frame")
def die_while_sending(subject, parameters, inputs, context):
    large = _grey(4096, 4096)
    threading.Timer(0.05, os._exit, (3,)).start()
    return large


class HogParameters(SizeParameters):
    mib: int = Field(4096, ge=0, le=65536, description="How much memory it takes, 64 MiB at a time")


@tool(Generator, "Takes much memory", HogParameters, uses_subject=False)
def hog(subject, parameters, inputs, context):
    taken = []
    while len(taken) * 64 < parameters.mib:
        taken.append(np.ones(2**23))
        time.sleep(STEP_S)
    return _grey(*parameters.size_px(subject))


@tool(Filter, "Prints to the worker's stdout")
def chatty(subject, parameters, inputs, context):
    """As third-party code does, in Python and below it."""
    print("chatty: hello on stdout", flush=True)
    print("chatty: hello on stderr", file=sys.stderr, flush=True)
    os.write(1, b"chatty: hello on file descriptor 1\n")
    return subject


@tool(Filter, "Raises an unexpected error")
def raises(subject, parameters, inputs, context):
    raise ZeroDivisionError("the bug in this tool")


STYLE = Input("style", "a picture whose mean colour is mixed in")


@tool(Stylizer, "Mixes the subject with a style's mean colour", inputs=(STYLE,))
def blend(subject, parameters, inputs, context):
    mean = inputs["style"]["base_color"].pixels.mean((0, 1), keepdims=True)
    return subject.with_arrays({"base_color": (subject["base_color"].pixels + mean) / 2})


def _grey(height: int, width: int) -> Maps:
    return Maps.from_arrays({"base_color": np.full((height, width, 3), 0.5, np.float32)})


@hookimpl
def impasto_tools():
    return [Checker(), Blotches(), *TOOLS]


@hookimpl
def impasto_matchers():
    return [WordCount(), MeanColor()]
