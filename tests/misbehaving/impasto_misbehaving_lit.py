"""An estimator for tests that wants to know where the light of a photograph comes from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import UNKNOWN_AZIMUTH, Estimator, Field, LightAzimuth, Parameters


class LitParameters(Parameters):
    strength: float = Field(0.5, ge=0, le=1, description="Ignored by the tool")
    light_azimuth: LightAzimuth = Field(UNKNOWN_AZIMUTH, description="Where the light comes from")


class Lit(Estimator):
    """Writes the azimuth into the roughness: 0 if it is unknown, else its share of a turn."""

    name, label, description = "lit", "Lit", "Looks for the light, for tests"
    parameters = LitParameters

    def apply(self, subject: Maps, parameters: LitParameters, inputs: Mapping[str, Maps], context: Context) -> Maps:
        share = max(parameters.light_azimuth, 0) / 360
        return subject.with_arrays({"roughness": np.full((*subject.size_px, 1), share, np.float32)})
