"""Equations of surfaces: colour spaces, height and normals, occlusion, shading under a light."""
