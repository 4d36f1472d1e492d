"""The list of maps under the source in real windows."""

from __future__ import annotations


def test_the_set_beside_a_file_is_chosen_listed_and_changed_by_clicks(walk_through):
    facts = walk_through("maps", size_px=(1600, 1400))
    assert facts["is_folder"]
    assert any(name.endswith("rows[0].holds") for name in facts["fields"])
    assert facts["changed"] == "NOT_USED"
    assert "Bricks102_1K-PNG_Roughness.png (chosen so)" in facts["report"][0]
