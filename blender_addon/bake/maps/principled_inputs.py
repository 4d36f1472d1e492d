# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of the Principled BSDF that are baked by name, each a map, and what other shaders have in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...core.errors import ParameterError
from ...core.system.untrusted import excerpt

INPUTS: Mapping[str, float] = {
    "IOR": 1.5,
    "Diffuse Roughness": 0.0,
    "Subsurface Weight": 0.0,
    "Subsurface Radius": 0.0,
    "Subsurface Scale": 0.0,
    "Subsurface IOR": 1.4,
    "Subsurface Anisotropy": 0.0,
    "Specular IOR Level": 0.0,
    "Specular Tint": 1.0,
    "Anisotropic": 0.0,
    "Anisotropic Rotation": 0.0,
    "Transmission Weight": 0.0,
    "Coat Weight": 0.0,
    "Coat Roughness": 0.03,
    "Coat IOR": 1.5,
    "Coat Tint": 1.0,
    "Sheen Weight": 0.0,
    "Sheen Roughness": 0.5,
    "Sheen Tint": 1.0,
    "Thin Film Thickness": 0.0,
    "Thin Film IOR": 1.33,
}
"""Inputs without a map of their own, each with its value in a shader that has nothing like it."""


def map_of(socket: str) -> str:
    """Name of the map of an input."""
    return socket.lower().replace(" ", "_")


INPUT_MAPS: Mapping[str, float] = {map_of(socket): value for socket, value in INPUTS.items()}

SOCKETS: Mapping[tuple[str, str], str] = {
    ("BSDF_GLASS", "ior"): "IOR",
    ("BSDF_REFRACTION", "ior"): "IOR",
    ("BSDF_GLOSSY", "anisotropic"): "Anisotropy",
    ("BSDF_GLOSSY", "anisotropic_rotation"): "Rotation",
    ("BSDF_METALLIC", "anisotropic"): "Anisotropy",
    ("BSDF_METALLIC", "anisotropic_rotation"): "Rotation",
    ("BSDF_SHEEN", "sheen_roughness"): "Roughness",
    ("BSDF_SHEEN", "sheen_tint"): "Color",
    ("BSDF_HAIR", "roughness"): "RoughnessU",
    ("SUBSURFACE_SCATTERING", "subsurface_scale"): "Scale",
    ("SUBSURFACE_SCATTERING", "subsurface_radius"): "Radius",
    ("SUBSURFACE_SCATTERING", "subsurface_ior"): "IOR",
    ("SUBSURFACE_SCATTERING", "subsurface_anisotropy"): "Anisotropy",
}
"""Inputs of other shaders that mean what an input of the Principled BSDF means."""

CONSTANTS: Mapping[tuple[str, str], float] = {
    ("BSDF_GLOSSY", "metallic"): 1.0,
    ("BSDF_METALLIC", "metallic"): 1.0,
    ("BSDF_DIFFUSE", "roughness"): 1.0,
    ("BSDF_TRANSLUCENT", "roughness"): 1.0,
    ("BSDF_GLASS", "transmission_weight"): 1.0,
    ("BSDF_REFRACTION", "transmission_weight"): 1.0,
    ("SUBSURFACE_SCATTERING", "subsurface_weight"): 1.0,
    ("BSDF_SHEEN", "sheen_weight"): 1.0,
}
"""Values of a map that other shaders have by what they are."""

APPROXIMATE = ("BSDF_TRANSLUCENT", "BSDF_SHEEN", "BSDF_HAIR", "BSDF_HAIR_PRINCIPLED", "BSDF_TOON", "BSDF_RAY_PORTAL")
"""Shaders whose light no Principled BSDF scatters alike."""


def input_maps(text: str) -> Iterator[str]:
    """Names of the maps in a list of inputs, "Coat Weight, Sheen Tint". ParameterError for one that there is not."""
    for part in filter(None, map(str.strip, text.split(","))):
        if (name := map_of(part)) not in INPUT_MAPS:
            wrong = f"the input {excerpt(part)} of the Principled BSDF cannot be baked"
            raise ParameterError(wrong, f"choose from {', '.join(INPUTS)}")
        yield name


def completions(typed: str) -> list[str]:
    """Lists of inputs that begin as typed and end with one more."""
    before, comma, last = typed.rpartition(",")
    start = f"{before}{comma} " if comma else ""
    given = {map_of(part.strip()) for part in before.split(",")}
    return [f"{start}{one}" for one in INPUTS if last.strip().lower() in one.lower() and map_of(one) not in given]
