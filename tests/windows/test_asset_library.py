"""A batch in a Debian Blender makes an asset library, in 5.2 with the index for a server."""

from __future__ import annotations

import json

from conftest import IN_BOTH, ROOT

from impasto.io.assets import catalog_ids


@IN_BOTH
def test_a_batch_makes_a_library_with_an_index_for_a_server(blender, in_background, tmp_path):
    steps = [{"tool": "bricks", "parameters": {"width_px": 64, "height_px": 64}}]
    (tmp_path / "bricks.json").write_text(json.dumps({"steps": steps}))
    out, library = tmp_path / "out", tmp_path / "library"
    batch = ("batch", tmp_path / "bricks.json", "--seeds", 2, "--pattern", "wall_{seed}", "--workers", 1, "--out", out)
    done = in_background("--command", "impasto", *map(str, batch), "--library", str(library), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads([line for line in done.stdout.splitlines() if line.startswith('{"made"')][-1])
    known = catalog_ids((library / "blender_assets.cats.txt").read_text())
    script = ROOT / "tests" / "windows" / "listing.py"
    done = blender.run(script, [str(library), str(tmp_path)], binds={ROOT: "ro", tmp_path: "rw"}, window=False)
    assert done.returncode == 0, done.stdout + done.stderr
    catalog = known["Impasto/Masonry"]
    assert json.loads((tmp_path / "assets.json").read_text()) == {
        "wall_0.blend": [["wall_0", catalog, [256, 256]]],
        "wall_1.blend": [["wall_1", catalog, [256, 256]]],
    }
    if blender.name != "5.2":  # it writes no index
        assert any("no index for a server" in warning for warning in answer["warnings"])
        return
    (page,) = library.glob("_v1/assets-*.json")
    listed = {asset["name"]: asset for asset in json.loads(page.read_text())["assets"]}
    assert listed.keys() == {"wall_0", "wall_1"}
    assert listed["wall_0"]["meta"]["catalog_id"] == catalog
    assert (library / listed["wall_0"]["thumbnail"]["url"]).stat().st_size > 1000
