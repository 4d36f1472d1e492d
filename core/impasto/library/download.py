"""Downloads of published weights, only on request, resumed after interruptions, and checked by size and hash.

Received bytes are kept in a .part file in the library until the file is complete, so that an interruption loses
nothing. Python's own HTTP client verifies certificates. pooch cannot resume a download.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ..about import VERSION
from ..errors import Message, ModelError
from ..system.untrusted import explain, is_there, sha256_of
from .weights import Weights

TIMEOUT_S = 30.0
"""Limit of silence while connecting and while receiving."""
CHUNK_BYTES = 2**18
MIB = 2**20

Progress = Callable[[float, str], None]


def fetch_weights(weights: Weights, parts: Sequence[Path], on_progress: Progress) -> None:
    """Download the published files to `parts`, one for each."""
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
        headers = {"User-Agent": f"impasto/{VERSION}"} | ({"Range": f"bytes={done}-"} if done else {})
        try:
            with build_opener(_StaySecure).open(Request(url, headers=headers), timeout=TIMEOUT_S) as response:
                resumes = response.status == http.HTTPStatus.PARTIAL_CONTENT
                _receive(response, part, done if resumes else 0, size_bytes, on_progress)
        except (OSError, http.client.HTTPException) as error:
            cut = error
            if isinstance(error, HTTPError) and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)  # the server's file is not longer, so this cannot be a part of it
        if (came := _size(part)) <= done:
            raise _no_file(cut, url, came) from cut
    if not (found := sha256_of(part)).startswith(sha256):
        with explain(part, "remove"):
            part.unlink()
        message = "what came from {} is not the published file: its SHA-256 is {}, not {}"
        raise ModelError(message, "it was deleted; try again, since a connection may garble a file", url, found, sha256)


class _StaySecure(HTTPRedirectHandler):
    """Redirect handler that refuses to leave https, since only there servers are authenticated."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise HTTPError(newurl, code, "the server leads away from https", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _receive(
    response: http.client.HTTPResponse, part: Path, start: int, size_bytes: int, on_progress: Callable[[int], None]
) -> None:
    """Write the received bytes from byte `start` of the file on."""
    with explain(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        stream = part.open("r+b" if is_there(part) else "wb", buffering=0)  # an interruption would lose buffered bytes
    with stream:
        stream.seek(start)
        while start < size_bytes and (chunk := response.read1(min(CHUNK_BYTES, size_bytes - start))):
            while chunk:
                with explain(part):
                    written = stream.write(chunk)
                start, chunk = start + written, chunk[written:]
            on_progress(start)


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


def _size(part: Path) -> int:
    with explain(part, "read"):
        return part.stat().st_size if is_there(part) else 0
