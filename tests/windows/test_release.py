"""Debian's Blenders install and update the extension from what `build.py release` publishes."""

from __future__ import annotations

import json
import sys

from conftest import EXTENSION, IN_BOTH, ROOT

sys.path.insert(0, str(ROOT / "tests"))
from releases import NEWER, UPDATING, check_updated, with_version
from tasks.environments import NEWEST_BPY, bpy_environment
from tasks.release import publish


@IN_BOTH
def test_blender_adds_the_repository_installs_from_it_and_updates(blender, tmp_path):
    python = bpy_environment(NEWEST_BPY).ready()
    first, newer, seen = tmp_path / "first", tmp_path / "newer", tmp_path / "seen.json"
    publish(EXTENSION, first, python)
    publish(with_version(EXTENSION, tmp_path, NEWER), newer, python)
    arguments = [str(path) for path in (first, newer, seen)]
    done = blender.run(UPDATING, arguments, binds={ROOT: "ro", tmp_path: "rw"}, window=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    check_updated(json.loads(seen.read_text()))
