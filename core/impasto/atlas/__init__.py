"""UV atlases as surfaces: meshes with UVs, their islands and seams, and pictures that go on across the seams."""
