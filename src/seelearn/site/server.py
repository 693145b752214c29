"""The process that serves the site."""

import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn

from seelearn.engine.catalogue import Catalogue
from seelearn.errors import UserError
from seelearn.site.app import create_app
from seelearn.site.settings import Settings

BACKLOG = 1024
"""Connections that may wait to be accepted: a class presses Run at once."""


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the runs first: a stream of events ends with its run, and uvicorn waits for streams."""
        app: Any = self.config.app
        app.state.runs.stop_all()
        await super().shutdown(sockets)


def serve(catalogue: Catalogue, folder: Path, host: str, port: int, settings: Settings) -> int:
    """Serve until Ctrl-C."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise UserError(f"port {port} cannot be used ({error.strerror}): try --port {port + 1}") from None
        app = create_app(catalogue, folder, settings)  # a cluster that cannot be reached is said before the address
        listener.listen(BACKLOG)  # from now on a browser can connect, and waits until we answer
        shown = f"[{host}]" if ":" in host else host
        print(f"seelearn: http://{shown}:{port}/  (Ctrl-C stops it)", flush=True)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5, server_header=False)
        with suppress(KeyboardInterrupt):  # which uvicorn raises again when it has shut down
            _Server(config).run(sockets=[listener])
    return 0
