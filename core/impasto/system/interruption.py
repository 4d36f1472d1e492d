"""Ending this process within two seconds of a signal, without leaving half-written files.

A thread handles signals, because the system wakes it at once. It removes half-written files and ends the process
itself: an exception in the main thread would wait for long operations, and can crash torch in the middle of one.
Standard library only: Blender's copy is used for writing files, and never calls `install`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

from ..errors import Cancelled

GRACE_S = 1.2
"""Time for running work to stop and save its result so far."""
LOCK_WAIT_S = 0.4
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))


class Stop:
    """A request to finish early and save the result so far, made by a signal after the first call of `is_set`.

    A signal before that, a second signal, and the end of the grace period end the process. say_waiting: tells the user,
    at once, that the process will finish early; after Control-C the wait then has no limit.
    """

    def __init__(self, say_waiting: Callable[[], None] | None = None) -> None:
        self.say_waiting = say_waiting
        self.number = 0
        self._is_polled = False
        _signals.stop = self

    def is_set(self) -> bool:
        """Whether the request has been made."""
        self._is_polled = True
        return bool(self.number)

    def takes(self, number: int) -> bool:
        """Whether the signal becomes the request, instead of ending the process now."""
        if not self._is_polled or self.number or (self.say_waiting and number != signal.SIGINT):
            return False
        self.number = number
        return True

    def cancellation(self, message: str) -> Cancelled:
        """The exception to raise once the result is saved."""
        cancelled = Cancelled(message)
        cancelled.exit_code = 128 + (self.number or signal.SIGINT)
        return cancelled


def _say_on_stderr(message: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"impasto: {message}\n".encode())


def _try_for(limit_s: float, function: Callable[[], None]) -> None:
    """Call a function that may never return; wait for it for at most `limit_s`."""
    trying = threading.Thread(target=function, daemon=True)
    trying.start()
    trying.join(limit_s)


class _Signals:
    """Reaction of this process to signals. first: asks running work to save its result. clean_up: removes the rest."""

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.first: Callable[[], None] = lambda: None
        self.clean_up: Callable[[], None] = lambda: None
        self.say: Callable[[str], None] = _say_on_stderr
        self.is_leaving = False
        self.changing = threading.RLock()

    def watch(self, woken: socket.socket) -> None:
        """End the process when a signal arrives; runs in a thread."""
        while True:
            number = woken.recv(1)[0]
            if number not in SIGNALS:
                continue
            if self.stop is not None and self.stop.takes(number):
                if self.stop.say_waiting:
                    _try_for(LOCK_WAIT_S, self.stop.say_waiting)
                    continue
                time.sleep(GRACE_S)
            try:
                self._end(number)
            finally:
                os._exit(128 + number)

    def _end(self, number: int) -> None:
        began = time.monotonic()
        _try_for(GRACE_S, self.first)
        left_s = GRACE_S + LOCK_WAIT_S - (time.monotonic() - began)  # more time for slow disks if `first` was quick
        if self.changing.acquire(timeout=left_s):  # never released, so that no new change begins
            self.clean_up()
        if not self.is_leaving:
            how = "cancelled" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
            outcome = "what was kept before is there" if self.stop and self.stop.number else "nothing was written"
            _try_for(LOCK_WAIT_S, lambda: self.say(f"{how}; {outcome}"))

    def leave(self) -> None:
        """Clean up at any other end of the process."""
        self.is_leaving = True
        self.clean_up()


_signals = _Signals()


class Uninterrupted:
    """Context manager for changes that belong together: no signal ends the process between them."""

    def __enter__(self) -> None:
        _signals.changing.acquire()

    def __exit__(self, *_: object) -> None:
        _signals.changing.release()


def install(clean_up: Callable[[], None], first: Callable[[], None] = lambda: None) -> None:
    """End on signals from now on, and call `clean_up` at any end. Called once, at the start, from the main thread."""
    _signals.clean_up, _signals.first = clean_up, first
    atexit.register(_signals.leave)
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    signal.set_wakeup_fd(waking.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_signals.watch, args=(woken,), name="signals", daemon=True).start()
    for number in SIGNALS:
        is_nohup = signal.Signals(number).name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN
        if not is_nohup:  # any other ignored signal was set by a shell that started this in the background
            signal.signal(number, _ignore)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_leave_to_parent)


def say_by(say: Callable[[str], None]) -> None:
    """Report the end of the process by `say(message)` instead of a line on stderr."""
    _signals.say = say


def _ignore(*_: object) -> None:
    """Do nothing in the main thread: the thread that watches handles the signal."""


def _leave_to_parent() -> None:
    """Restore default signals in a forked child, so that they do not wake the parent's thread."""
    signal.set_wakeup_fd(-1)
    _signals.changing = threading.RLock()
    for number in SIGNALS:
        if signal.getsignal(number) == _ignore:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
