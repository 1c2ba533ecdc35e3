"""An S3-compatible server in a process of its own: moto's, which keeps objects in memory.

    python tests/helpers/object_server.py PORT

One request is served at a time, so that a conditional write is one step, as it is on S3; moto alone looks and writes in two.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

BUCKET = "store"
SECRET = "no-one-may-read-this"  # of this server alone
START_SECONDS = 120.0


@contextmanager
def object_server() -> Iterator[dict[str, str]]:
    """Run a server with an empty bucket; yield the variables through which clients reach it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, __file__, str(port)], stderr=subprocess.DEVNULL)
    try:
        _wait(f"{address}/moto-api/", process)
        urllib.request.urlopen(urllib.request.Request(f"{address}/{BUCKET}", method="PUT"))  # noqa: S310
        yield {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "tester",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        process.kill()
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url)  # noqa: S310
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def main() -> int:
    """Serve until the process is killed."""
    from importlib import import_module

    server = import_module("moto.server")
    application = server.DomainDispatcherApplication(server.create_backend_app)
    import_module("werkzeug.serving").make_server(
        "127.0.0.1", int(sys.argv[1]), application, threaded=False
    ).serve_forever()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "tester")
    sys.exit(main())
