"""Downloads of published weights, only on request, resumed after interruptions, and checked by size and hash.

Received bytes are kept in a .part file in the library until the file is complete, so that an interruption loses
nothing. Python's own HTTP client verifies certificates. pooch cannot resume a download.
"""

from __future__ import annotations

import http.client
import re
import shutil
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ..about import VERSION
from ..errors import FileError, Message, ModelError
from ..system.untrusted import explain, is_there, sha256_of
from .weights import Weights

TIMEOUT_S = 30.0
"""Limit of silence while connecting and while receiving."""
PACE_S, SLOWEST_BYTES_PER_S = 60.0, 1024
"""A download is given up if it is slower than this rate for this time."""
CHUNK_BYTES = 2**18
MIB = 2**20

Progress = Callable[[float, str], None]


def fetch_weights(weights: Weights, parts: Sequence[Path], on_progress: Progress) -> None:
    """Download the published files to `parts`, one for each. FileError before the first if the disk is too full."""
    _check_room(weights, parts)
    earlier = 0

    def report(done: int) -> None:
        came = earlier + done
        message = Message("{}: {} of {} MiB", weights.label, came // MIB, weights.download_bytes // MIB)
        on_progress(came / weights.download_bytes, message)

    for file, part in zip(weights.files, parts, strict=True):
        fetch(file.url, part, file.size_bytes, file.sha256, report)
        earlier += file.size_bytes


def fetch(
    url: str, part: Path, size_bytes: int, sha256: str, on_progress: Callable[[int], None] = lambda done: None
) -> None:
    """Download the file at `url` to `part`, resuming after the bytes there. `on_progress(bytes)` is called meanwhile.

    Broken connections are retried as long as each try receives more. ModelError says why the file cannot be downloaded.
    A file whose SHA-256 does not begin with the digits `sha256` is deleted.
    """
    while (done := _size(part)) < size_bytes:
        cut: Exception = http.client.IncompleteRead(b"")
        try:
            with _request(url, done) as response:
                _receive(response, part, done, size_bytes, on_progress)
        except (OSError, http.client.HTTPException) as error:
            cut = error
            if isinstance(error, HTTPError) and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)  # the server's file is not longer, so this cannot be a part of it
        if (came := _size(part)) <= done:
            raise _no_file(cut, url, came) from cut
    _check_hash(part, url, sha256)


class _StaySecure(HTTPRedirectHandler):
    """Redirect handler that refuses to leave https, since only there servers are authenticated."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise HTTPError(newurl, code, "the server leads away from https", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _request(url: str, done: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": f"impasto/{VERSION}"} | ({"Range": f"bytes={done}-"} if done else {})
    return build_opener(_StaySecure).open(Request(url, headers=headers), timeout=TIMEOUT_S)


def _receive(
    response: http.client.HTTPResponse, part: Path, done: int, size_bytes: int, on_progress: Callable[[int], None]
) -> None:
    """Write the received bytes at their place in the file. A server without ranges starts at the beginning again."""
    start, total = _range(response)
    if total is not None and total != size_bytes:
        remedy = "it was replaced: get the published file elsewhere, and install it from there"
        raise ModelError("{} has {} bytes, the published file {}", remedy, response.url, total, size_bytes)
    if start not in (0, done):
        raise http.client.HTTPException(f"asked for what follows byte {done}, the server sent what follows {start}")
    with explain(part):
        stream = part.open("r+b" if is_there(part) else "wb", buffering=0)  # an interruption would lose buffered bytes
    since, came = time.monotonic(), start
    with stream:
        stream.seek(start)
        while start < size_bytes and (chunk := response.read1(min(CHUNK_BYTES, size_bytes - start))):
            while chunk:
                with explain(part):
                    written = stream.write(chunk)
                start, chunk = start + written, chunk[written:]
            if time.monotonic() - since > PACE_S:
                if start - came < PACE_S * SLOWEST_BYTES_PER_S:
                    message, remedy = (
                        "the connection to {} is too slow: {} bytes in {:.0f} s",
                        "try again later, which goes on from there",
                    )
                    raise ModelError(message, remedy, urlsplit(response.url).hostname, start - came, PACE_S)
                since, came = time.monotonic(), start
            on_progress(start)


def _range(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """Offset in the file of the response's first byte, and the file's size if the server states it."""
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        found = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if not found:
            raise http.client.HTTPException("the server sent a part of the file, and not which")
        return int(found[1]), None if found[2] == "*" else int(found[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _no_file(error: Exception, url: str, done: int) -> ModelError:
    """The error for a failed download. It explains the connection, since the user may just be offline."""
    host = urlsplit(url).hostname
    reason = getattr(error, "reason", error)
    if isinstance(error, HTTPError):
        message = Message("{} does not send the file: {} {}", host, error.code, error.reason)
    elif isinstance(reason, ssl.SSLError):
        remedy = "check the computer's date; SSL_CERT_FILE can name the certificates to trust"
        return ModelError("the connection to {} is not secure: {}", remedy, host, reason.reason or reason)
    elif isinstance(reason, OSError):
        message = Message("no connection to {} ({}): this computer may be offline", host, reason)
    else:
        message = Message("the connection to {} was cut off", host)
    again = Message("try again, which goes on after {} MiB", done // MIB) if done else "try again later"
    return ModelError(message, "{}; or get {} in another way, and `impasto weights install FILE`", again, url)


def _check_hash(part: Path, url: str, sha256: str) -> None:
    found = sha256_of(part)
    if not found.startswith(sha256):
        with explain(part, "remove"):
            part.unlink()
        message = "what came from {} is not the published file: its SHA-256 is {}, not {}"
        raise ModelError(message, "it was deleted; try again, since a connection may garble a file", url, found, sha256)


def _check_room(weights: Weights, parts: Sequence[Path]) -> None:
    """Raise FileError if the disk is too full for the download."""
    library = parts[0].parent
    with explain(library):
        library.mkdir(parents=True, exist_ok=True)
        free_bytes = shutil.disk_usage(library).free
    wanted_bytes = weights.download_bytes - sum(map(_size, parts)) + weights.stored_bytes
    if free_bytes < wanted_bytes:
        message = "{} needs {} MiB, and {} has {} MiB left"
        remedy = "make room, or set IMPASTO_WEIGHTS to a folder on another disk"
        raise FileError(message, remedy, weights.label, wanted_bytes // MIB, library, free_bytes // MIB)


def _size(part: Path) -> int:
    with explain(part, "read"):
        return part.stat().st_size if is_there(part) else 0
