"""A MaterialX document of a map set: its images, joined to a `standard_surface`, with real-world heights."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from ..surface.heights import UNKNOWN_RELIEF
from .packing import PackedMaterial

VERSION = "1.38"
INPUTS = {
    "base_color": ("base_color", "color3"),
    "roughness": ("specular_roughness", "float"),
    "metallic": ("metalness", "float"),
    "emission": ("emission_color", "color3"),
    "transmission_weight": ("transmission", "float"),
    "opacity": ("opacity", "color3"),
    "normal": ("normal", "vector3"),
}
"""Input of `standard_surface` and type of the image for each map."""
IMAGE_TYPES = {"opacity": "float", "height": "float"}
"""Types of the images that are not those of their inputs: one channel."""


def document(material: PackedMaterial) -> Mapping[str, str]:
    """NAME.mtlx, which refers to the files beside it."""
    root = ElementTree.Element("materialx", version=VERSION)
    shader = _node(root, "standard_surface", "surface", "surfaceshader")
    for role, (input_, type_) in INPUTS.items():
        if role in material.files:
            _image(root, material, role, type_)
            _value(shader, input_, type_, nodename=_join(root, role))
    if "emission" in material.files:
        _value(shader, "emission", "float", value="1")
    output = _node(root, "surfacematerial", _identifier(material.name), "material")
    _value(output, "surfaceshader", "surfaceshader", nodename="surface")
    if "height" in material.files:
        _image(root, material, "height", "float")
        _displace(root, material)
        _value(output, "displacementshader", "displacementshader", nodename="displacement")
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return {f"{material.name}.mtlx": f'<?xml version="1.0"?>\n{text}\n'}


def _join(root: ElementTree.Element, role: str) -> str:
    """Name of the node that a map is read from: its image, or what makes it fit the input."""
    if role == "normal":
        node = _node(root, "normalmap", "normal_map", "vector3")
        _value(node, "in", "vector3", nodename="normal_image")
        return "normal_map"
    if role == "opacity":
        node = _node(root, "convert", "opacity_color", "color3")
        _value(node, "in", "float", nodename="opacity_image")
        return "opacity_color"
    return f"{role}_image"


def _image(root: ElementTree.Element, material: PackedMaterial, role: str, type_: str) -> None:
    """An image; colour in PNG files is sRGB-encoded, in EXR files linear."""
    node = _node(root, "image", f"{role}_image", IMAGE_TYPES.get(role, type_))
    file = _value(node, "file", "filename", value=material.files[role])
    if type_ == "color3" and role not in IMAGE_TYPES:
        file.set("colorspace", "lin_rec709" if material.suffix == ".exr" else "srgb_texture")


def _displace(root: ElementTree.Element, material: PackedMaterial) -> None:
    """Displacement in units of which one is the width of the picture, or metres if that is known; 0.5 stays."""
    width = material.width_m or 1.0
    scale = UNKNOWN_RELIEF * width if material.height_range_m is None else material.height_range_m
    middle = _node(root, "subtract", "height_offset", "float")
    _value(middle, "in1", "float", nodename="height_image")
    _value(middle, "in2", "float", value="0.5")
    node = _node(root, "displacement", "displacement", "displacementshader")
    _value(node, "displacement", "float", nodename="height_offset")
    _value(node, "scale", "float", value=f"{scale:.6g}")


def _node(root: ElementTree.Element, kind: str, name: str, type_: str) -> ElementTree.Element:
    return ElementTree.SubElement(root, kind, name=name, type=type_)


def _value(node: ElementTree.Element, name: str, type_: str, **given: str) -> ElementTree.Element:
    return ElementTree.SubElement(node, "input", attrib={"name": name, "type": type_, **given})


def _identifier(name: str) -> str:
    """A name of MaterialX: letters, digits and underscores, beginning with a letter."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
    return f"material_{kept}"
