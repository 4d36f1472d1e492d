"""Setting the engine up in Debian's Blenders, as Debian gives them: without python3-venv, pip and a network."""

from __future__ import annotations

from conftest import EXTENSION

MODULE = "bl_ext.user_default.impasto"
SET_UP = f"""
import bpy
bpy.context.preferences.addons[{MODULE!r}].preferences.wheels_folder = {{wheels!r}}
bpy.ops.impasto.set_up_engine()
"""
INSTALL_THEN = 'blender -b --command extension install-file -r user_default -e "$0" >/dev/null && exec "$@"'


def test_where_debian_has_no_venv_one_sentence_says_what_to_install(blender, tmp_path):
    (tmp_path / "torch-99.0-py3-none-any.whl").touch()
    script = ["--python-exit-code", "1", "--python-expr", SET_UP.format(wheels=str(tmp_path))]
    command = ["sh", "-c", INSTALL_THEN, str(EXTENSION), "blender", "-b", *script]
    done = blender.execute(command, binds={tmp_path: "ro", EXTENSION.parent: "ro"})
    assert done.returncode == 1, done.stdout + done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("RuntimeError: ")]
    assert len(said) == 1, done.stderr
    assert "(on Debian and Ubuntu: python3-venv), then press Set Up Engine again" in said[0]
