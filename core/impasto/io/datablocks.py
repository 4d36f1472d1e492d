"""Paths of materials and objects within a .blend, as Blender writes them (scene.blend/Material/Bricks), or a glTF file.

Standard library only, since Blender uses it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import FileError, Message, did_you_mean
from ..system.names import usable_name
from ..system.untrusted import excerpt, is_folder, is_there, printable

MATERIAL, OBJECT = "Material", "Object"
BLEND, GLTF = ".blend", (".glb", ".gltf")
KINDS = {BLEND: (MATERIAL, OBJECT), **dict.fromkeys(GLTF, (MATERIAL,))}
"""Kinds of datablocks that can be sources, by the file's suffix."""
MOST_LISTED = 10
"""Most names that a message lists."""


@dataclass(frozen=True)
class Datablock:
    """A material or an object in a .blend, or a material in a glTF file. Without a name, all of that kind."""

    file: Path
    kind: str = MATERIAL
    name: str = ""

    @classmethod
    def at(cls, path: Path) -> Datablock | None:
        """The datablock at a path; None if the path is not within such a file. Raise FileError for other kinds."""
        for index, part in enumerate(path.parts):
            file = Path(*path.parts[: index + 1])
            kinds = next((kinds for suffix, kinds in KINDS.items() if part.lower().endswith(suffix)), ())
            if kinds and not is_folder(file):
                kind, *names = path.parts[index + 1 :] or (MATERIAL,)
                if kind not in kinds:
                    message = Message("{} in {} is no kind of source", excerpt(kind), excerpt(path))
                    raise FileError(message, "write {}", " or ".join(f"{file.name}/{one}/NAME" for one in kinds))
                return cls(file, kind, "/".join(names))
        return None

    @property
    def is_gltf(self) -> bool:
        """Whether the datablock is in a glTF file, which needs no Blender."""
        return self.file.suffix.lower() in GLTF

    @property
    def path(self) -> Path:
        """The path that `at` reads."""
        return Path(f"{self.file}/{self.kind}/{self.name}")

    @property
    def title(self) -> str:
        """The path without the file's folder."""
        return "/".join(filter(None, (self.file.name, self.kind, self.name)))

    @property
    def file_name(self) -> str:
        """Name of the datablock as part of a file name, without slashes."""
        return usable_name(self.name)

    def check_files(self, files: Iterable[Path]) -> None:
        """Raise FileError if a file that the datablock uses is missing."""
        if missing := next((file for file in files if not is_there(file)), None):
            remedy = "restore it, or pack the resources of the .blend (File > External Data), and save"
            raise FileError("{} uses {}, which is not there", remedy, self.title, excerpt(missing))

    def name_in(self, names: Iterable[str]) -> str:
        """Full name among existing names. A path shortens "A//B". Raise FileError if it is missing or ambiguous."""
        known = list(names)
        listed = ", ".join(map(excerpt, known[:MOST_LISTED])) + (", …" if len(known) > MOST_LISTED else "")
        if not self.name:
            message = "{} is no single source"
            raise FileError(message, "write {}/NAME; there are {}", excerpt(self.file), self.title, listed or "none")
        same = [name for name in known if name == self.name]
        same = same or [name for name in known if Path(f"./{name}").parts == Path(f"./{self.name}").parts]
        if len(same) > 1:
            message = Message("there are several {}/{} in {}", self.kind, printable(self.name), excerpt(self.file))
            raise FileError(message, "make one of them local under another name (Object > Relations > Make Local)")
        if not same:
            message = Message("there is no {}/{} in {}", self.kind, printable(self.name), excerpt(self.file))
            raise FileError(message, "{}there are {}", did_you_mean(self.name, known), listed or "none")
        return same[0]
