"""Malformed frames, of a hostile or broken worker and of a client; those of few bytes stand in frames.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from impasto import Recipe
from impasto.engine.wire import ARRAY, MAX_ARRAY_BYTES

FRAMES = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
GOOD = FRAMES["good"]
RECIPE = Recipe.from_dict(GOOD["done"]["recipe"])
DONE = {**GOOD["done"], "recipe": RECIPE.to_dict()}
JOB = {"type": "action", "id": 7, "recipe": RECIPE.to_dict()}


def changed(good: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**good, **fields}.items() if value != "LEFT OUT"}


def frame(body: bytes = b"", **fields: Any) -> bytes:
    """A frame with these fields."""
    return json.dumps(fields).encode() + b"\n" + body


def done(**fields: Any) -> bytes:
    return frame(**changed(DONE, fields))


def job(**fields: Any) -> bytes:
    return frame(**changed(JOB, fields))


def answer(case: dict[str, Any]) -> bytes:
    """An answer of the table: all its fields, or those in which it differs from a good one."""
    like, body = case.pop("like", ""), case.pop("body", "").encode()
    if like == "done":
        return done(body=body, **case)
    if like == "described":
        tools = [changed(GOOD["tool"], one) if isinstance(one, dict) else one for one in case.get("tools", ())]
        case = {"description": changed(GOOD["description"], case | ({"tools": tools} if tools else {}))}
        return done(**case)
    return frame(body=body, **case)


def request(case: dict[str, Any]) -> tuple[bytes, str, int | None]:
    """A request of the table, a part of the message that answers it, and the id of the answer."""
    said, answered, body = case.pop("said"), case.pop("answered", 7), case.pop("body", "").encode()
    return job(body=body, **case), said, answered


NOT_A_NUMBER = np.float32([0, np.nan, 0]).tobytes()
ANSWERS = {name: answer(case) for name, case in FRAMES["answers"].items()} | {
    "no JSON": b"Welcome!\n",
    "no object": b"[1, 2]\n",
    "nested": b'{"type": ' + b"[" * 9999 + b"]" * 9999 + b"}\n",
    "not a number": b'{"type": "news", "id": "ID", "fraction": NaN, "message": ""}\n',
    "a long number": b'{"type": "news", "id": "ID", "fraction": 1' + b"0" * 5000 + b', "message": ""}\n',
    "huge arrays together": done(arrays={str(index): {ARRAY: ["|u1", [MAX_ARRAY_BYTES]]} for index in range(64)}),
    "too many arrays": done(arrays={str(index): {ARRAY: ["|u1", [0]]} for index in range(65)}),
    "pixels where a line should be": b"\x00\xff" * 4096 + b"\n",
}
MANY = {"steps": [{"tool": "checker", "parameters": {f"p{n}": n for n in range(100_000)}}]}
REQUESTS = {name: request(case) for name, case in FRAMES["requests"].items()} | {
    "no JSON": (b"Welcome!\n", "Welcome", None),
    "no object": (b"[1]\n", r"\[1\]", None),
    "parameters are very many": (job(recipe=MANY), "0 to 2048 items", 7),
    "not a number": (
        job(body=NOT_A_NUMBER, inputs={"source": {"arrays": {"base_color": {ARRAY: ["<f4", [1, 1, 3]]}}}}),
        "not a number",
        7,
    ),
}
UNREADABLE = (
    *("an array is an object", "floats of 64 bits", "an array of objects"),
    *("a negative size", "a size is text", "a huge array", "no JSON", "no object"),
)
BROKEN = {name: REQUESTS.pop(name) for name in UNREADABLE}
"""Bytes that are no frame: nobody knows where the next one begins."""
