"""`best-photograph`: of several photographs of a surface, the best one for a material."""

from __future__ import annotations

from impasto.context import Context
from impasto.errors import Message
from impasto.texture import Maps
from impasto.tools import Generator, Input, Inputs, NoParameters, Result

PHOTO = "photo"


class BestPhotograph(Generator):
    """Compares sharpness, noise, clipping, evenness of light and perspective."""

    name, label = "best-photograph", "Best photograph"
    description = "Chooses the best of several photographs of one surface, and says why"
    rank = 36
    group = "Prepare"
    example = "--photo a.jpg --photo b.jpg --photo c.jpg --out textures"
    uses_subject = False
    inputs = (Input(PHOTO, "photographs of one surface", many=True, least=2),)
    parameters = NoParameters

    def apply(self, subject: Maps, parameters: NoParameters, inputs: Inputs, context: Context) -> Result:
        """The best photograph, unchanged; measures of all as figures in their order, and as notes, best first."""
        from .qualities import measure

        photographs = inputs[PHOTO]
        qualities = []
        for index, photograph in enumerate(photographs):
            context.progress(index / len(photographs), "Measuring photograph {} of {}", index + 1, len(photographs))
            qualities.append(measure(photograph, photographs, context))
        order = sorted(range(len(photographs)), key=lambda index: qualities[index].score, reverse=True)
        figures: dict[str, float] = {}
        for index in order:
            context.note(qualities[index].sentence(photographs[index].name or Message("photograph {}", index + 1)))
        for index, quality in enumerate(qualities):
            figures |= {f"{name}_{index + 1}": value for name, value in vars(quality).items()}
            figures[f"score_{index + 1}"] = quality.score
        return Result(photographs[order[0]], figures=figures | {"best": order[0] + 1.0})
