"""The process that serves the site."""

import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn

from seelearn.engine.catalogue import Catalogue
from seelearn.errors import UserError
from seelearn.site.app import create_app

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the runs first: a stream of events ends with its run, and uvicorn waits for streams."""
        app: Any = self.config.app
        app.state.runs.stop()
        await super().shutdown(sockets)


def serve(catalogue: Catalogue, port: int, folder: Path, url: str) -> int:
    """Serve until Ctrl-C; only this machine can connect. `url` is the address by which readers know it, or empty."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise UserError(f"port {port} cannot be used ({error.strerror}): try --port {port + 1}") from None
        listener.listen()  # from now on a browser can connect, and waits until we answer
        print(f"seelearn: http://{HOST}:{port}/  (Ctrl-C stops it)", flush=True)
        app = create_app(catalogue, folder, url)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5, server_header=False)
        with suppress(KeyboardInterrupt):  # which uvicorn raises again when it has shut down
            _Server(config).run(sockets=[listener])
    return 0
