"""Headers that every answer carries, and the requests that are refused."""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    # No script or style but our own files: nothing inline, and no eval (Vega brings an interpreter).
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
BODY = 64 * 1024
"""Bytes that a request may bring."""


class Security:
    """ASGI middleware: add `HEADERS`; refuse writes from other sites and bodies that are too large.

    `guests` are the other sites that may write, below each address that is open to them.
    """

    def __init__(self, app: ASGIApp, guests: Mapping[str, frozenset[str]]) -> None:
        self._app = app
        self._guests = guests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope) or self._app
        if scope["method"] == "HEAD":  # what GET would give; the server leaves out the body
            scope = {**scope, "method": "GET"}
        await answer(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if scope["method"] in {"GET", "HEAD"}:
            return None
        # Every current browser says where a request comes from; a form on another site cannot press Run here.
        own = headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
        if not own and not self._invited(scope["path"], headers.get("origin", "")):
            return PlainTextResponse("this request comes from another site", 403)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY or "transfer-encoding" in headers:
            return PlainTextResponse(f"a request may bring at most {BODY} bytes", 413)
        return None

    def _invited(self, path: str, origin: str) -> bool:
        return any(path.startswith(place) and origin in sites for place, sites in self._guests.items())
