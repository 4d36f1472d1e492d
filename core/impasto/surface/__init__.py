"""The equations of a surface: colour spaces, height and normals, occlusion, how it looks under a light."""
