"""An answer that is sent while it is made: no more in memory than a slow reader has taken."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import copy_context
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Stream:
    """A response of Datasette's kind: `chunks` are made in a thread, one after the other.

    It ends, and calls `close`, when all is sent or the reader has gone. If `chunks` fails, the
    connection is broken off, which HTTP takes for an answer that is not whole.
    """

    def __init__(
        self,
        chunks: Iterator[bytes],
        *,
        close: Callable[[], None],
        headers: Mapping[str, str],
        receive: Receive,
    ) -> None:
        self.chunks, self.close, self.receive = chunks, close, receive
        self.headers = dict(headers)
        self.context = copy_context()  # the language that is spoken
        self.busy = threading.Lock()  # nothing is closed under the thread that reads it

    async def asgi_send(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        gone = asyncio.create_task(self._gone())
        headers = [[name.encode(), value.encode()] for name, value in self.headers.items()]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while not gone.done():
                chunk = await loop.run_in_executor(None, self._next)
                if chunk is None:
                    break
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            with self.busy:
                self.close()

    def _next(self) -> bytes | None:
        with self.busy:
            return self.context.run(next, self.chunks, None)

    async def _gone(self) -> None:
        """Ends when the reader has gone: servers say so, and only to those who ask."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
