"""Ends this process within two seconds of a signal that asks for it, and leaves no half-written file.

A signal's handler runs in the main thread between two bytecodes, which a long operation of torch can put off: a
thread that is woken at once ends the process where the main thread has not done so after a grace period. Standard
library only: Blender carries it for what writes files, and installs nothing.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

from .errors import Cancelled

GRACE_S = 1.5
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))


class Ended(BaseException):
    """A signal asked this process to end. No `Exception`, so that none swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.exit_code = 128 + number


class Stop:
    """A request to finish early and keep what there is, made by a signal once somebody looks for it with `is_set`.

    Before that, and when asked for again, a signal ends the process. patient: Control-C may take its time.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self.patient = patient
        self.number = 0
        self._is_looked_for = False
        _signals.stop = self

    @property
    def waits(self) -> bool:
        """Whether Control-C may take its time now."""
        return self.patient and self._is_looked_for

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
        """What to raise once all is kept."""
        cancelled = Cancelled(message)
        cancelled.exit_code = 128 + (self.number or signal.SIGINT)
        return cancelled


class _Signals:
    """What this process does on signals. clean_up: removes what is half-written, from any thread."""

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.is_ending = False
        self.shields = 0
        self.put_off = 0
        self.clean_up: Callable[[], None] = lambda: None

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """In the main thread: make the request to stop, or raise what unwinds to the end of the process."""
        if self.shields:
            self.put_off = number
            return
        if self.is_ending:  # is unwinding already; the thread sees to it that this has an end
            return
        if self.stop is not None and self.stop.takes(number):
            return
        self.is_ending = True
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Ended(number)

    def watch(self, woken: socket.socket) -> None:
        """In a thread: end the process where the main thread takes too long."""
        is_asked = False
        while True:
            number = woken.recv(1)[0]
            if number not in SIGNALS:
                continue
            if number == signal.SIGINT and not is_asked and self.stop is not None and self.stop.waits:
                is_asked = True
                continue
            time.sleep(GRACE_S)
            try:
                self.clean_up()
                os.write(2, f"impasto: ended by {signal.Signals(number).name}\n".encode())
            finally:
                os._exit(128 + number)


_signals = _Signals()


class Uninterrupted:
    """A context for a few instructions between which no signal may come: it is handled after them."""

    def __enter__(self) -> None:
        self.counts = threading.current_thread() is threading.main_thread()
        _signals.shields += self.counts

    def __exit__(self, *_: object) -> None:
        _signals.shields -= self.counts
        if self.counts and not _signals.shields and _signals.put_off:
            number, _signals.put_off = _signals.put_off, 0
            _signals.handle(number, None)


def install(clean_up: Callable[[], None]) -> None:
    """End on signals from now on, and `clean_up` at any end. Called once, from the main thread, at the beginning."""
    _signals.clean_up = clean_up
    atexit.register(clean_up)  # the signal can come between what is begun and the note to end it
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    signal.set_wakeup_fd(waking.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_signals.watch, args=(woken,), name="signals", daemon=True).start()
    for number in SIGNALS:
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, _signals.handle)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_leave_to_parent)


def _leave_to_parent() -> None:
    """In a forked child: its signals are its own, and none wakes the parent's thread."""
    signal.set_wakeup_fd(-1)
    for number in SIGNALS:
        if signal.getsignal(number) == _signals.handle:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
