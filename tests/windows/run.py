"""Runs the scenario of this name inside Blender: `blender -P run.py -- FOLDER PHOTOGRAPH NAME`."""

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from walk import start

start(import_module(f"scenarios.{sys.argv[-1]}").scenario)
