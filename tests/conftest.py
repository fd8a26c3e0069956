"""No test reaches beyond this machine: whatever would is refused, by name and by address."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# As many files of tests run at a time as there are cores: pools of threads would wait for each other (a small
# checkpoint with two threads took six times the processor time that it took with one).
for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(pool, "1")

# No test fails because the machine is busy.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")


def _here(host: object) -> bool:
    """Whether a host is this machine."""
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback or str(host) == "0.0.0.0"
    except ValueError:
        return str(host) == socket.gethostname()


@pytest.fixture(autouse=True, scope="session")
def refuse_the_outside() -> Iterator[None]:
    """Sockets connect to this machine alone; names of other machines are not looked up."""
    patch = pytest.MonkeyPatch()
    connect, connect_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(address: Any) -> None:
        if isinstance(address, tuple) and not _here(address[0]):
            raise OSError(f"a test wanted to reach {address[0]}: requests to the outside are refused")

    def checked_connect(self: socket.socket, address: Any) -> None:
        check(address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    def checked_lookup(host: Any, *arguments: Any, **options: Any) -> Any:
        if not _here(host):
            raise socket.gaierror(f"a test wanted to look up {host}: requests to the outside are refused")
        return lookup(host, *arguments, **options)

    patch.setattr(socket.socket, "connect", checked_connect)
    patch.setattr(socket.socket, "connect_ex", checked_connect_ex)
    patch.setattr(socket, "getaddrinfo", checked_lookup)
    yield
    patch.undo()
