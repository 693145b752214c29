"""The process that serves the site."""

import socket
from pathlib import Path

import uvicorn

from seelearn.engine.catalogue import Catalogue
from seelearn.errors import UserError
from seelearn.site.app import create_app

HOST = "127.0.0.1"


def serve(catalogue: Catalogue, port: int, folder: Path) -> int:
    """Serve until Ctrl-C; only this machine can connect."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise UserError(f"port {port} cannot be used ({error.strerror}): try --port {port + 1}") from None
        listener.listen()  # from now on a browser can connect, and waits until we answer
        print(f"seelearn: http://{HOST}:{port}/  (Ctrl-C stops it)", flush=True)
        config = uvicorn.Config(
            create_app(catalogue, folder),
            log_level="warning",
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listener])
    return 0
