"""Pictures of the documentation: each says which commit made it, and stays current with the code that it shows."""

from __future__ import annotations

from collections.abc import Iterator

from ..pictures import ROOT, changed_since, code_of, has_history, is_known, mark_of, pictures


def problems() -> Iterator[str]:
    for path in pictures():
        said = mark_of(path)
        if said is None:
            yield f"{path.relative_to(ROOT)} does not say which commit made it: python -m tasks.pictures"
        elif has_history() and not is_known(said["commit"]):
            yield f"{path.relative_to(ROOT)} is of {said['commit']}, which is no commit here: python -m tasks.pictures"
        if not code_of(path):
            yield f"{path.relative_to(ROOT)} shows code that no pattern names: add one to CODE in tasks/pictures.py"


def warnings() -> Iterator[str]:
    """Pictures whose code was changed since they were made."""
    if not has_history():
        return
    for path in pictures():
        commit = (mark_of(path) or {}).get("commit", "")
        if commit and changed_since(path, commit):
            yield f"{path.relative_to(ROOT)} is of {commit}, and its code was changed since"
