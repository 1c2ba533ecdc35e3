"""A program reaches no network, not even that of this machine."""

import socket

import pytest

from .conftest import Run


def test_the_machine_itself_cannot_be_reached(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass  # this process, which is not isolated, reaches it
        outcome = run(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=1)")
    assert outcome.verdict == "blocked", outcome


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
def test_no_kind_of_network_socket_can_be_made(run: Run, family: str) -> None:
    outcome = run(f"import socket\nsocket.socket(socket.{family}, socket.SOCK_RAW)")
    assert outcome.verdict == "blocked", outcome


def test_the_only_interface_is_a_loopback_of_its_own(run: Run) -> None:
    outcome = run("print(open('/proc/net/dev').read())")
    assert outcome.output.decode().count(":") == 1
    assert "lo:" in outcome.output.decode()


def test_sockets_within_the_program_work(run: Run) -> None:
    program = "import asyncio\nasync def main(): print('done')\nasyncio.run(main())"
    assert run(program).output == b"done\n"
