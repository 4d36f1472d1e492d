"""Malformed frames: what a hostile or broken worker answers, and what a client must not ask."""

from __future__ import annotations

import json

import numpy as np

from impasto import Recipe, Step
from impasto.engine.wire import MAX_ARRAY_BYTES

RECIPE = Recipe((Step("checker", {"width_px": 8, "height_px": 8}),))
DONE = {
    "type": "done",
    "id": "ID",
    "recipe": RECIPE.to_dict(),
    "figures": {},
    "notes": [],
    "models": [],
    "name": "",
    "size_px": None,
    "width_m": None,
    "height_range_m": None,
}


def frame(**fields) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def done(**changed) -> bytes:
    fields = {name: value for name, value in (DONE | changed).items() if value is not ...}
    return json.dumps(fields).encode() + b"\n"


def pixels(dtype: str, *shape: int, name: str = "preview") -> list[dict]:
    return [{"name": name, "dtype": dtype, "shape": shape}]


TOOL = {
    "name": "x",
    "kind": "filter",
    "label": "X",
    "description": "",
    "rank": 50,
    "task": "",
    "preview_px": 0,
    "group": "Finish",
    "subgroup": "",
    "thumbnail": "",
    "needs": [],
    "needs_source": False,
    "uses_subject": True,
    "weights": [],
    "inputs": [],
    "makes_tiles": False,
    "makes_all_maps": False,
    "parameters": {},
}
LISTS = ("tools", "matchers", "models", "damaged_models", "weights", "formats", "plugins")
DESCRIPTION = {"version": "1", "python": "3.13.0", **{name: [] for name in LISTS}}


def described(**changed) -> bytes:
    return frame(type="described", id="ID", description=DESCRIPTION | changed)


ANSWERS = {
    "no JSON": b"Welcome!\n",
    "no object": b"[1, 2]\n",
    "nested": b'{"type": ' + b"[" * 9999 + b"]" * 9999 + b"}\n",
    "not a number": b'{"type": "progress", "id": "ID", "fraction": NaN, "message": ""}\n',
    "a long number": b'{"type": "progress", "id": "ID", "fraction": 1' + b"0" * 5000 + b', "message": ""}\n',
    "no type": frame(id="ID"),
    "unknown type": frame(type="surprise", id="ID"),
    "type is a number": frame(type=3, id="ID"),
    "no id": frame(type="progress", fraction=0.5, message=""),
    "id is text": frame(type="cancelled", id="seven"),
    "hello without a protocol": frame(type="hello"),
    "another protocol": frame(type="hello", protocol=99, version="1"),
    "no fraction": frame(type="progress", id="ID", message=""),
    "fraction is text": frame(type="progress", id="ID", fraction="half", message=""),
    "no message": frame(type="progress", id="ID", fraction=0.5),
    "no preview": frame(type="preview", id="ID"),
    "preview by another name": frame(type="preview", id="ID", arrays=pixels("|u1", 1, 1, 3, name="x")) + b"abc",
    "preview of floats": frame(type="preview", id="ID", arrays=pixels("<f4", 1, 1, 3)) + b"abcd" * 3,
    "flat preview": frame(type="preview", id="ID", arrays=pixels("|u1", 3)) + b"abc",
    "no state": frame(type="state", id="ID"),
    "unknown state": frame(type="state", id="ID", state="asleep"),
    "no warnings": frame(type="warnings", id="ID"),
    "warnings are text": frame(type="warnings", id="ID", warnings="no"),
    "no description": frame(type="described", id="ID"),
    "description is a list": frame(type="described", id="ID", description=[]),
    "tools are an object": described(tools={}),
    "a tool is text": described(tools=["x"]),
    "a tool without a name": described(tools=[{name: TOOL[name] for name in TOOL if name != "name"}]),
    "a tool's parameters are a list": described(tools=[TOOL | {"parameters": []}]),
    "a parameter is a number": described(tools=[TOOL | {"parameters": {"properties": {"x": 3}}}]),
    "a model is null": described(models=[None]),
    "error without a text": frame(type="error", id="ID", error="WorkerError"),
    "error about no job": frame(type="error", id=None, error="ProtocolError", message="what?", remedy="none"),
    "no recipe": done(recipe=...),
    "recipe is a list": done(recipe=[]),
    "recipe without steps": done(recipe={"steps": []}),
    "no models": done(models=...),
    "models are numbers": done(models=[1]),
    "paths are text": done(paths="a"),
    "figures are text": done(figures={"seam": "good"}),
    "name is null": done(name=None),
    "size of three": done(size_px=[1, 2, 3]),
    "size of zero": done(size_px=[0, 0]),
    "width is negative": done(width_m=-1),
    "a map by another name": done(arrays=pixels("|u1", 1, name="../x")) + b"a",
    "an empty map": done(arrays=pixels("|u1", 0, name="height")),
    "arrays are a number": done(arrays=3),
    "an array of objects": done(arrays=pixels("|O", 1, name="height")),
    "an array without a shape": done(arrays=[{"name": "height", "dtype": "<f4"}]),
    "a negative array": done(arrays=pixels("<f4", -1, name="height")),
    "a huge array": done(arrays=pixels("<f4", 2**40, 2**40, name="height")),
    "huge arrays together": done(arrays=[pixels("|u1", MAX_ARRAY_BYTES, name=name)[0] for name in map(str, range(64))]),
    "two arrays of one name": done(arrays=pixels("|u1", 1, name="height") * 2) + b"ab",
    "too many arrays": done(arrays=[pixels("|u1", 0, name=str(index))[0] for index in range(65)]),
    "pixels where a line should be": b"\x00\xff" * 4096 + b"\n",
}


JOB = {"type": "action", "id": 7, "recipe": RECIPE.to_dict()}
SOURCE = {"inputs": {"source": {}}}


def job(**changed) -> bytes:
    return frame(**{name: value for name, value in (JOB | changed).items() if value is not ...})


def source(dtype: str, *shape: int, content: bytes = b"", name: str = "source/base_color") -> bytes:
    return job(**SOURCE, arrays=pixels(dtype, *shape, name=name)) + content


def files(input_: str, *contents: bytes) -> list[dict]:
    return [pixels("|u1", len(content), name=f"{input_}/{index}")[0] for index, content in enumerate(contents)]


REQUESTS = {
    "no JSON": (b"Welcome!\n", "Welcome", None),
    "no object": (b"[1]\n", r"\[1\]", None),
    "no type": (job(type=...), "type", 7),
    "unknown type": (job(type="dance"), "dance", 7),
    "no id": (job(id=...), "id", None),
    "id is text": (job(id="seven"), "id.*seven", None),
    "no recipe": (job(recipe=...), "recipe", 7),
    "an unknown action": (job(name="dance"), "dance", 7),
    "an action is a number": (job(name=3), "name", 7),
    "values are a list": (job(values=[]), "values", 7),
    "values of another kind": (job(name="match", values={"matcher": 3}), "matcher", 7),
    "recipe is text": (job(recipe="quilt"), "recipe", 7),
    "recipe without steps": (job(recipe={}), "steps", 7),
    "parameters are very many": (
        job(recipe={"steps": [{"tool": "checker", "parameters": {f"p{n}": n for n in range(100_000)}}]}),
        "at most 2048 entries, got 100000",
        7,
    ),
    "a step is a number": (job(recipe={"steps": [3]}), "step", 7),
    "inputs are a list": (job(inputs=[]), "inputs", 7),
    "a path is a number": (job(inputs={"source": {"path": 3}}), "path", 7),
    "a path with NUL": (job(inputs={"source": {"path": "a\0"}}), "path", 7),
    "a width is negative": (job(inputs={"source": {"width_m": -1}}), "width_m", 7),
    "a licence is a list": (job(inputs={"source": {"licence": []}}), "licence", 7),
    "deliver is text": (job(deliver="arrays"), "deliver", 7),
    "deliver as a wish": (job(deliver={"as": "wish"}), "deliver.as", 7),
    "a sink without a folder": (job(options={"sink": {"name": "x"}}), "folder", 7),
    "a sink of another folder": (job(options={"sink": {"folder": "a", "name": "../x"}}), "name of the files", 7),
    "a preview of no size": (job(options={"preview_px": 0}), "preview_px", 7),
    "format is a number": (job(deliver={"as": "encoded", "format": 3}), "format", 7),
    "a preview of nothing": (job(deliver={"as": "preview", "longest_px": 0}), "longest_px", 7),
    "device is a number": (job(options={"device": 0}), "device", 7),
    "detach is text": (job(detach="yes"), "detach", 7),
    "supersedes is a list": (job(supersedes=[1]), "supersedes", 7),
    "arrays are an object": (job(arrays={}), "arrays", 7),
    "an array without a name": (job(arrays=[{"dtype": "<f4", "shape": [1]}]), "name", 7),
    "floats of 64 bits": (source("<f8", 2, 2, 3, content=bytes(96)), "f8", 7),
    "an array of objects": (source("|O", 1), "dtype", 7),
    "a negative size": (source("<f4", -1, 4, 3), "shape", 7),
    "a size is text": (job(arrays=[{"name": "a", "dtype": "<f4", "shape": ["1"]}]), "shape", 7),
    "a huge array": (source("<f4", 2**40, 2**20), "bytes", 7),
    "huge arrays together": (
        job(arrays=[pixels("|u1", MAX_ARRAY_BYTES, name=f"source/{index}")[0] for index in range(64)]),
        "together",
        7,
    ),
    "two arrays of one name": (
        job(**SOURCE, arrays=pixels("|u1", 1, 1, 3, name="source/base_color") * 2) + b"abcdef",
        "two arrays",
        7,
    ),
    "an array of no input": (source("|u1", 1, 1, 3, content=b"abc", name="other/base_color"), "other", 7),
    "an array of no map": (source("|u1", 1, 1, 3, content=b"abc", name="source/x"), "source/x", 7),
    "one dimension": (source("|u1", 3, content=b"abc"), "shape", 7),
    "not a number": (source("<f4", 1, 1, 3, content=np.float32([0, np.nan, 0]).tobytes()), "not a number", 7),
    "a mesh of pixels": (
        job(inputs={"mesh": {}}, arrays=pixels("|u1", 1, 1, 3, name="mesh/base_color")) + b"abc",
        "has a mesh without a file",
        7,
    ),
    "a mesh of two files": (
        job(inputs={"mesh": {"files": ["a.ply", "b.ply"]}}, arrays=files("mesh", b"ply", b"ply")) + b"plyply",
        "has a mesh without a file",
        7,
    ),
}
