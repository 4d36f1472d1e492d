"""Setting the engine up in Debian's Blenders, as Debian gives them: without python3-venv, pip and a network."""

from __future__ import annotations

from blender_chroot import ENVIRONMENT, engine_binds
from conftest import ENGINE, EXTENSION, IN_BOTH

MODULE = "bl_ext.user_default.impasto"
SET_UP = f"""
import bpy
bpy.context.preferences.addons[{MODULE!r}].preferences.wheels_folder = {{wheels!r}}
bpy.ops.impasto.set_up_engine()
"""
INSTALL_THEN = 'blender -b --command extension install-file -r user_default -e "$0" >/dev/null && exec "$@"'


@IN_BOTH
def test_without_venv_on_debian_one_sentence_says_what_to_install(blender, tmp_path):
    (tmp_path / "torch-99.0-py3-none-any.whl").touch()
    script = ["--python-exit-code", "1", "--python-expr", SET_UP.format(wheels=str(tmp_path))]
    command = ["sh", "-c", INSTALL_THEN, str(EXTENSION), "blender", "-b", *script]
    done = blender.execute(command, binds={tmp_path: "ro", EXTENSION.parent: "ro"})
    assert done.returncode == 1, done.stdout + done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("RuntimeError: ")]
    assert len(said) == 1, done.stderr
    assert "(on Debian and Ubuntu: python3-venv), then press Set Up Engine again" in said[0]


def with_venv() -> dict[str, str]:
    """Environment in which a Python of this machine, which can make environments, is the user's."""
    folders = [str(folder / "bin") for folder in engine_binds(ENGINE) if folder not in ENGINE.parents]
    return {"PATH": ":".join([*folders, ENVIRONMENT["PATH"]])}


def test_without_network_set_up_is_refused_and_a_chosen_python_works(walk_through):
    facts = walk_through("unset", env=with_venv())
    assert (facts["begun_offline"], facts["is_online"]) == ([], True)
    level, text, places = facts["failed"]
    assert level == "ERROR"
    assert "pypi.org cannot be reached; check the network" in text
    assert len(places) == 1
    assert facts["mended"] == [None], "the error is gone"
