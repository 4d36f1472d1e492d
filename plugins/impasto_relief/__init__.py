"""Relief: heights to normals and back, occlusion from height, detail normals, and the sign of normal maps."""
