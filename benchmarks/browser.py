"""A picture of a web page while it changes, by Chromium or Chrome without a window.

The browser's own option for pictures takes them before pages such as Dask's dashboard have drawn anything, so this
waits, and asks by the browser's debugging protocol.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
LIMIT_S = 30.0


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
