"""A proxy that does the encryption for a shop: what comes to it came over HTTPS, and it says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx

#: The shop's address as the world knows it.
HTTPS_ADDRESS = "https://shop.example"


@contextmanager
def proxy_for(address: str) -> Iterator[str]:
    """Where the proxy listens, for what the tests send to ``HTTPS_ADDRESS``; the shop is at ``address``."""

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {
                **self.headers,
                "Host": urlsplit(address).netloc,
                "X-Forwarded-Host": urlsplit(HTTPS_ADDRESS).netloc,
                "X-Forwarded-Proto": "https",
            }
            answer = client.request(self.command, address + self.path, content=body, headers=headers)
            self.send_response(answer.status_code)
            for name, value in answer.headers.multi_items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = forward  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Nothing of interest."""

    with (
        httpx.Client(trust_env=False, headers={"Accept-Encoding": "identity"}) as client,
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class ToProxy(httpx.BaseTransport):
    """Takes a client's requests for ``HTTPS_ADDRESS`` to the proxy, as if they were encrypted up to there."""

    def __init__(self, proxy: str) -> None:
        self.proxy = httpx.URL(proxy)
        self.transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url).startswith(HTTPS_ADDRESS)
        url = request.url.copy_with(scheme=self.proxy.scheme, host=self.proxy.host, port=self.proxy.port)
        sent = httpx.Request(
            request.method,
            url,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return self.transport.handle_request(sent)

    def close(self) -> None:
        self.transport.close()
