"""Ends this process within two seconds of a signal that asks for it, and leaves no half-written file.

A signal is handled in a thread that the system wakes at once. It removes what is half-written and ends the process
then and there: an exception in the main thread would wait for long operations, and crash torch in the middle of some.
Standard library only: Blender carries it for what writes files, and installs nothing.
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
"""For what is asked to stop and keep what there is."""
LOCK_WAIT_S = 0.4
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))


class Stop:
    """A request to finish early and keep what there is, made by a signal once somebody looks for it with `is_set`.

    Before that, and when asked for again, a signal ends the process; it also does where the grace period is over.
    patient: Control-C may take its time.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self.patient = patient
        self.number = 0
        self._is_looked_for = False
        _signals.stop = self

    def is_set(self) -> bool:
        """Whether it was made."""
        self._is_looked_for = True
        return bool(self.number)

    def takes(self, number: int) -> bool:
        """Whether the signal only makes the request, instead of ending the process now."""
        if not self._is_looked_for or self.number or (self.patient and number != signal.SIGINT):
            return False
        self.number = number
        return True

    def cancelled(self, message: str) -> Cancelled:
        """The error to raise once all is kept."""
        cancelled = Cancelled(message)
        cancelled.exit_code = 128 + (self.number or signal.SIGINT)
        return cancelled


def _say_on_stderr(message: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"impasto: {message}\n".encode())


def _try_for(limit_s: float, function: Callable[[], None]) -> None:
    """Call something that may wait for what never comes."""
    trying = threading.Thread(target=function, daemon=True)
    trying.start()
    trying.join(limit_s)


class _Signals:
    """What this process does on signals. first: asks what runs to keep what there is. clean_up: removes the rest."""

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.first: Callable[[], None] = lambda: None
        self.clean_up: Callable[[], None] = lambda: None
        self.say: Callable[[str], None] = _say_on_stderr
        self.is_leaving = False
        self.changing = threading.RLock()

    def watch(self, woken: socket.socket) -> None:
        """In a thread: end the process when a signal comes."""
        while True:
            number = woken.recv(1)[0]
            if number not in SIGNALS:
                continue
            if self.stop is not None and self.stop.takes(number):
                if self.stop.patient:
                    continue
                time.sleep(GRACE_S)
            try:
                self._end(number)
            finally:
                os._exit(128 + number)

    def _end(self, number: int) -> None:
        began = time.monotonic()
        _try_for(GRACE_S, self.first)
        left_s = GRACE_S + LOCK_WAIT_S - (time.monotonic() - began)  # a slow disk may have all that `first` left
        if self.changing.acquire(timeout=left_s):  # and never released: nothing is begun any more
            self.clean_up()
        if not self.is_leaving:
            how = "cancelled" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
            kept = "what was kept before is there" if self.stop and self.stop.number else "nothing was written"
            _try_for(LOCK_WAIT_S, lambda: self.say(f"{how}; {kept}"))

    def leave(self) -> None:
        """At any other end of the process."""
        self.is_leaving = True
        self.clean_up()


_signals = _Signals()


class Uninterrupted:
    """A context for changes that belong together: the process is not ended between them."""

    def __enter__(self) -> None:
        _signals.changing.acquire()

    def __exit__(self, *_: object) -> None:
        _signals.changing.release()


def install(clean_up: Callable[[], None], first: Callable[[], None] = lambda: None) -> None:
    """End on signals from now on, and `clean_up` at any end. Called once, from the main thread, at the beginning."""
    _signals.clean_up, _signals.first = clean_up, first
    atexit.register(_signals.leave)
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    signal.set_wakeup_fd(waking.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_signals.watch, args=(woken,), name="signals", daemon=True).start()
    for number in SIGNALS:
        is_nohup = signal.Signals(number).name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN
        if not is_nohup:  # a shell that starts it in the background ignores others for it
            signal.signal(number, _ignore)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_leave_to_parent)


def say_by(say: Callable[[str], None]) -> None:
    """Have `say(message)` tell the user why the process ends, instead of a line on stderr."""
    _signals.say = say


def _ignore(*_: object) -> None:
    """In the main thread, whenever it comes to it: the thread that watches does all."""


def _leave_to_parent() -> None:
    """In a forked child: its signals are its own, and none wakes the parent's thread."""
    signal.set_wakeup_fd(-1)
    _signals.changing = threading.RLock()
    for number in SIGNALS:
        if signal.getsignal(number) == _ignore:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
