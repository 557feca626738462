"""Signals are counted while it matters, and go their usual way afterwards."""

import signal

import pytest

from nfdsl.study.interrupts import interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_counted(number: signal.Signals):
    with interrupts() as stop:
        assert stop.count == 0
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGINT)
        assert stop.count == 2


def test_handlers_come_back():
    before = signal.getsignal(signal.SIGINT)
    with interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
