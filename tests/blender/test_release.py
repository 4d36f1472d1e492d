"""`build.py release`: the folder to publish, and Blender installing and updating from it over HTTP."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urljoin

import pytest
from releases import NEWER, UPDATING, check_updated, with_version
from tasks.messages import BuildError
from tasks.release import VERSION, check_committed, check_wheel, publish, tools_of, wheel_of

BLENDER = Path(sys.executable)
ENGINE = Path(os.environ.get("IMPASTO_ENGINE", ""))
"""The environment of the session: tests before these may have made an engine on it."""


@pytest.fixture(scope="module")
def built() -> Path:
    return Path(os.environ["IMPASTO_EXTENSION"])


@pytest.fixture(scope="module")
def published(built, tmp_path_factory) -> Path:
    """A folder to which the built extension was published first, and a newer one then."""
    folder = tmp_path_factory.mktemp("site") / "release"
    publish(built, folder, BLENDER)
    publish(with_version(built, folder.parent, NEWER), folder, BLENDER)
    return folder


def listed(folder: Path) -> list[dict]:
    return json.loads((folder / "index.json").read_text())["data"]


@pytest.mark.essential
def test_blender_adds_the_repository_installs_from_it_and_updates(built, published, tmp_path):
    first = tmp_path / "first"
    publish(built, first, BLENDER)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    seen, profile = tmp_path / "seen.json", {"BLENDER_USER_RESOURCES": str(tmp_path / "profile")}
    command = [BLENDER, UPDATING, "--", first, published, seen]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**environment, **profile})
    # not its exit status: 4.2, as a module only, crashes at its end once an add-on was loaded anew
    assert seen.exists(), (done.stdout + done.stderr)[-4000:]
    check_updated(json.loads(seen.read_text()))


def test_only_the_newest_version_is_offered_with_its_checksum_and_earlier_ones_are_kept(published, tmp_path):
    (offered,) = listed(published)
    assert (offered["version"], offered["archive_url"]) == (NEWER, f"./impasto-{NEWER}.zip")
    files = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    wheel = "impasto-{}-py3-none-any.whl"
    archives = {f"impasto-{NEWER}.zip", wheel.format(NEWER)}
    archives |= {f"earlier/impasto-{VERSION}.zip", f"earlier/{wheel.format(VERSION)}"}
    assert files == {"index.json", "index.html", "SHA256SUMS", *archives}

    (tmp_path / "usual").mkdir()
    assert published.stat().st_mode == (tmp_path / "usual").stat().st_mode

    lines = dict(reversed(line.split("  ")) for line in (published / "SHA256SUMS").read_text().splitlines())
    archives = [path for path in published.rglob("*") if path.suffix in (".zip", ".whl")]
    digests = {
        path.relative_to(published).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in archives
    }
    assert lines == digests
    assert offered["archive_hash"] == f"sha256:{digests[f'impasto-{NEWER}.zip']}"


def test_blender_reads_from_the_link_to_drag_which_repository_to_add(published):
    from bl_pkg.bl_extension_utils import url_parse_for_blender

    page, here = (published / "index.html").read_text(), "https://somewhere.example/impasto/"
    (link,) = re.findall(r'href="(\./impasto-[^"]+\.zip[^"]*)"', page)
    address, query = url_parse_for_blender(urljoin(here, link))
    assert address == f"{here}impasto-{NEWER}.zip"
    assert query == {"repository": f"{here}index.json", "blender_version_min": "4.2.0"}
    files = {path.name for path in published.iterdir() if path.is_file()}
    assert set(re.findall(r'href="\./([^"?]+)', page)) == files - {"index.html"}


@pytest.mark.slow
@pytest.mark.any_blender
def test_the_same_content_may_be_published_again_and_other_content_may_not(built, tmp_path):
    folder = tmp_path / "release"
    publish(built, folder, BLENDER)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "index.html"}
    publish(built, folder, BLENDER)
    changed = Path(shutil.copy2(built, tmp_path))
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr("more.txt", "more")
    with pytest.raises(BuildError, match=r"with other content: raise VERSION in core/impasto/about\.py"):
        publish(changed, folder, BLENDER)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "index.html"} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("release")] == ["release"]


@pytest.mark.any_blender
def test_a_version_that_is_older_than_the_released_one_is_refused(built, published):
    with pytest.raises(BuildError, match=rf"impasto-{VERSION}\.zip is older than impasto-{NEWER}\.zip"):
        publish(built, published, BLENDER)


@pytest.mark.slow
@pytest.mark.any_blender
def test_the_wheel_runs_by_itself_with_the_tools_that_the_extension_describes(built, tmp_path):
    """Its packages come from the engine's environment; `build.py release` installs them, too."""
    wheel, tools = wheel_of(built, tmp_path), tools_of(built)
    check_wheel(wheel, tools, ENGINE)
    with pytest.raises(BuildError, match=r"its tools differ by \['one-more'\]"):
        check_wheel(wheel, {*tools, "one-more"}, ENGINE)


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A checkout with one commit."""
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True)


@pytest.mark.any_blender
def test_what_is_not_committed_or_tagged_elsewhere_or_in_no_checkout_is_not_released(checkout):
    git(checkout, "tag", "v1.0.0")
    check_committed(checkout, "1.0.0")
    git(checkout, "commit", "-qm", "two", "--allow-empty")
    check_committed(checkout, "1.0.1")
    with pytest.raises(BuildError, match=r"version 1\.0\.0 is tagged at \w{7}, and this is \w{7}: raise VERSION"):
        check_committed(checkout, "1.0.0")

    (checkout / "b.txt").write_text("b")
    with pytest.raises(BuildError, match=r"commit or stash these changes\n\?\? b\.txt"):
        check_committed(checkout, "1.0.1")
    shutil.rmtree(checkout / ".git")
    with pytest.raises(BuildError, match="a release is made from a checkout of git"):
        check_committed(checkout, "1.0.1")
