"""Another collector over a list of addresses; run by a Python of its own, which has it.

    PYTHON tests/peer.py news-please|newspaper4k URLS.txt OUT.json

writes how many pages gave text. Whatever would leave loopback is refused.
"""

import importlib
import ipaddress
import json
import logging
import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

SECONDS = 20  # for a page


def stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: no address but those of loopback, and no name is looked up elsewhere."""
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "127.0.0.1"
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    with suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    raise ConnectionRefusedError(f"{host}: not on loopback")


def news_please(urls: list[str]) -> int:
    found = importlib.import_module("newsplease").NewsPlease.from_urls(
        urls, request_args={"timeout": SECONDS}, fetch_images=False
    )
    return sum(bool(getattr(article, "maintext", None)) for article in found.values())


def newspaper4k(urls: list[str]) -> int:
    newspaper = importlib.import_module("newspaper")
    settings = importlib.import_module("newspaper.configuration").Configuration()
    settings.fetch_images = False
    settings.request_timeout = SECONDS

    def text(url: str) -> bool:
        article = newspaper.Article(url, config=settings)
        with suppress(
            newspaper.ArticleException, ImportError
        ):  # Thai and others need more packages
            article.download()
            article.parse()
        return bool(article.text)

    with ThreadPoolExecutor(2) as threads:
        return sum(threads.map(text, urls))


def main() -> None:
    package, urls, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    sys.addaudithook(stay_here)
    logging.disable()  # what is refused is told at length, and does not matter
    multiprocessing.set_start_method("fork")  # so that its processes heed the hook too
    read = {"news-please": news_please, "newspaper4k": newspaper4k}[package]
    out.write_text(json.dumps(read(urls.read_text(encoding="utf-8").split())), encoding="utf-8")


if __name__ == "__main__":
    main()
