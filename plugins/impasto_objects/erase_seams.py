"""`erase-seams`: removes steps across the UV seams of a texture's object."""

from __future__ import annotations

from impasto.atlas.mesh import STEEP, Mesh
from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Filter, Input, Inputs, Parameters, Result

MESH = Input("mesh", "object whose texture it is, with its UVs", kind="mesh")


class EraseSeamsParameters(Parameters):
    """Parameters of `erase-seams`."""

    most_step: float = Field(
        STEEP, ge=0, le=1, description="Largest difference of colour that is erased; where it is larger, two parts meet"
    )


class EraseSeams(Filter):
    """Changes texels near UV seams as little as possible, so that both sides of each seam agree."""

    name, label = "erase-seams", "Erase seams"
    description = "Removes steps of colour, relief and other maps across the UV seams of an object"
    rank = 28
    group = "Repair"
    example = "crate_base_color.png --mesh crate.glb "
    parameters = EraseSeamsParameters
    inputs = (MESH,)
    needs_source = True

    def apply(self, subject: Maps, parameters: EraseSeamsParameters, inputs: Inputs, context: Context) -> Result:
        """The subject without steps, with the visibility of seams before and after as figures."""
        from impasto.atlas.charts import Charts
        from impasto.atlas.seams import erase_seams, seam_jumps

        mesh: Mesh = inputs["mesh"]
        context.progress(0.1, "Erasing seams")
        charts = Charts.of(mesh, subject.size_px)
        result = erase_seams(subject, charts, parameters.most_step)
        context.progress(0.8, "Measuring")
        figures: dict[str, float] = {}
        for when, maps in (("before", subject), ("after", result)):
            figures |= {f"{name}_jump_{when}": found.color for name, found in seam_jumps(maps, charts).items()}
        return Result(result, figures=figures)
