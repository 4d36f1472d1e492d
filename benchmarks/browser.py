"""A picture of a web page, such as the report of a training, by Chromium or Chrome without a window.

    impasto models report bricks pbr/brick_bricks059 --out report.html --no-open
    python benchmarks/browser.py report.html docs/pictures/training_report.jpg

The browser's own option for pictures takes them before pages such as Dask's dashboard have drawn anything, so this
waits, and asks by the browser's debugging protocol.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from tornado.websocket import WebSocketClientConnection, websocket_connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
LIMIT_S = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", help="a file, or an address such as that of Dask's dashboard")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--size", type=int, nargs=2, default=(1680, 2440), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--shown", type=int, default=900, metavar="WIDTH", help="of the picture")
    parser.add_argument("--wait-s", type=float, default=3.0)
    options = parser.parse_args()
    address = options.page if "://" in options.page else Path(options.page).resolve().as_uri()
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "page.png"
        photograph(address, whole, options.size, options.wait_s)
        image = Image.open(whole).convert("RGB")
    size = options.shown, round(image.height * options.shown / image.width)
    image.resize(size, Image.Resampling.LANCZOS).save(options.picture, quality=85, optimize=True)


def photograph(address: str, picture: Path, size_px: tuple[int, int], wait_s: float) -> None:
    """Write a PNG of a page of (width, height) as it is after some seconds."""
    browser = next(filter(None, map(shutil.which, PROGRAMS)))
    width, height = size_px
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        how = ["--headless", "--no-sandbox", "--hide-scrollbars", "--remote-debugging-port=0"]
        command = [browser, *how, f"--user-data-dir={profile}", f"--window-size={width},{height}", address]
        running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            picture.write_bytes(asyncio.run(_shot(Path(profile) / "DevToolsActivePort", wait_s)))
        finally:
            running.terminate()
            running.wait(LIMIT_S)


async def _shot(port_file: Path, wait_s: float) -> bytes:
    """PNG of the browser's page after some seconds. port_file: where the browser writes how it is reached."""
    async with asyncio.timeout(LIMIT_S):
        while not port_file.exists() or port_file.read_text().count("\n") < 1:
            await asyncio.sleep(0.1)
        port, path = port_file.read_text().split()
        link = await websocket_connect(f"ws://127.0.0.1:{port}{path}", max_message_size=2**26)
    await asyncio.sleep(wait_s)
    async with asyncio.timeout(LIMIT_S):
        pages = (await _asked(link, "Target.getTargets"))["targetInfos"]
        page = next(one["targetId"] for one in pages if one["type"] == "page")
        session = (await _asked(link, "Target.attachToTarget", targetId=page, flatten=True))["sessionId"]
        shot = await _asked(link, "Page.captureScreenshot", session, format="png")
    return base64.b64decode(shot["data"])


async def _asked(link: WebSocketClientConnection, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
    """The browser's answer to a command; events in between are left out."""
    about = {"sessionId": session} if session else {}
    await link.write_message(json.dumps({"id": 1, "method": method, "params": parameters, **about}))
    while True:
        said = json.loads(await link.read_message() or '{"id": 1, "result": {}}')
        if said.get("id") == 1:
            return said["result"]


if __name__ == "__main__":
    main()
