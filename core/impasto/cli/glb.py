"""`--out FILE.glb`: results that replace the textures of the glTF file or mesh that they were made for."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..descriptions import MESH
from ..errors import FileError, ParameterError
from ..io.datablocks import Datablock
from ..plugins.registry import registry
from ..recipe import Recipe
from ..system.untrusted import is_there
from ..tools import Result

if TYPE_CHECKING:
    from ..io.formats import Exporter
    from ..io.packing import Layout
    from ..texture import Texture

SUFFIX = ".glb"
NEW = ("generator", "trainer")
"""Kinds of tools whose results are not aligned with their source."""
FILES = "texture"
"""Name of the files of a result before they become part of a GLB."""
PICTURES = (".png", ".jpg", ".jpeg")
"""Suffixes of pictures that glTF may hold."""


def is_glb(out: Path) -> bool:
    """Whether the output is a GLB file instead of a folder."""
    return out.suffix.lower() == SUFFIX


def in_gltf(path: Path | None) -> Datablock | None:
    """The material, or all materials, of a glTF file at a path; None for another file."""
    datablock = Datablock.at(path) if path else None
    return datablock if datablock and datablock.is_gltf else None


def own_mesh(arguments: argparse.Namespace, recipe: Recipe, source: Path | None) -> Path | None:
    """The source, if it also holds the mesh of its texture; None if --mesh is given.

    It is also None for a material that no object in the file uses, since that is a picture like any other.
    """
    from ..io.meshes import is_shown

    tools = [registry().tool(step.tool) for step in recipe.active_steps]
    makes_new = any(tool.kind in NEW and all(item.kind != MESH for item in tool.inputs) for tool in tools)
    is_given = makes_new or getattr(arguments, "mesh", None)
    return source if source and in_gltf(source) and not is_given and is_shown(source) else None


@dataclass(frozen=True)
class GlbTarget:
    """The GLB to write, the file that it is made from, and the material of each result by name, if known."""

    out: Path
    file: Path
    materials: Mapping[str, Datablock | None]

    @classmethod
    def of(
        cls, arguments: argparse.Namespace, sources: Mapping[str, Path | None], files: Mapping[str, Path]
    ) -> GlbTarget:
        """The target of results with these names. Raise ParameterError if no file uses all of them as textures."""
        from ..io.gltf import Gltf
        from ..io.gltf_maps import material_at

        found = {name: in_gltf(source) for name, source in sources.items()}
        known = [one for one in found.values() if one]
        mesh = files.get(MESH)
        suffix = registry().exporter(arguments.format).suffix
        if arguments.export or suffix not in PICTURES:
            option = "--export" if arguments.export else f"--format {arguments.format}"
            message = "{} cannot be written with {}"
            raise ParameterError(message, "leave it out, or name a folder", arguments.out, option)
        if is_there(arguments.out) and not arguments.force:
            raise FileError("{} is there already", "choose another --out, or add --force", arguments.out)
        if len(known) == len(found) and len({one.file for one in known}) == 1:
            return cls(arguments.out, known[0].file, found)
        if mesh is None or len(sources) != 1:
            message = "there is no single mesh whose textures {} could hold"
            raise ParameterError(message, "give one GLB as the source, or --mesh, or a folder as --out", arguments.out)
        on_mesh = in_gltf(mesh)
        if on_mesh and (gltf := Gltf.at(on_mesh.file)).json.get("materials"):
            material_at(gltf, on_mesh)  # raises an error now, not after the work
        return cls(arguments.out, on_mesh.file if on_mesh else mesh, dict.fromkeys(sources, on_mesh))

    def write(self, folder: Path, results: Mapping[str, Result], *, is_new: bool, form: str, force: bool) -> list[str]:
        """Write the file with results whose maps are in `folder`. Return notes on maps that glTF cannot hold."""
        from ..io.datablocks import GLTF
        from ..io.files import read_maps
        from ..io.gltf import Gltf
        from ..io.gltf_maps import material_at
        from ..io.gltf_out import Repaint, gltf_of
        from ..io.meshes import read_mesh
        from ..io.metadata import metadata_of
        from ..system.transaction import replace_files

        is_gltf = self.file.suffix.lower() in GLTF
        gltf = Gltf.at(self.file) if is_gltf else gltf_of(read_mesh(self.file), self.file.stem)
        repaint, notes = Repaint(gltf), []
        for name, result in results.items():
            maps = read_maps(folder / name)
            if maps.sheet:
                raise ParameterError("a glTF material has no tiles (UDIM)", "name a folder as --out")
            metadata = metadata_of(result.recipe, maps.width_m, maps.height_range_m)
            exporter = registry().exporter(form)
            datablock = self.materials[name]
            has_materials = bool(gltf.json.get("materials"))
            index = material_at(gltf, datablock) if datablock and has_materials else repaint.add_material(name)
            notes += repaint.put(index, maps, partial(_encode, exporter, metadata), is_new=is_new)
        replace_files({self.out: repaint.glb()}, replace=force)
        return list(dict.fromkeys(notes))


def _encode(exporter: Exporter, metadata: Mapping[str, str], layout: Layout, texture: Texture) -> bytes:
    return exporter.encode(layout, texture, metadata)


def working_folder(out: Path) -> AbstractContextManager[Path]:
    """The folder for results: a temporary one if they become one file."""
    from ..system.transaction import temporary_folder

    return temporary_folder() if is_glb(out) else nullcontext(out)
