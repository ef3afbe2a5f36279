"""How the demo's sites are built: one mould a content management system.

A mould says where a site keeps its articles, listings and feeds, and which template prints them.
What is true to the systems (class names, generator, addresses, which dates a machine can read) is
so on purpose: what works here should work on real sites. Nothing here reads the clock or the
network.

plan       the moulds as records, and a site's addresses
pages      a site's whole answers
templates  what the templates in ../templates call
rest       WordPress's JSON
answers, files     the values, and the bytes that are not text
"""

from crawler.demo.moulds.answers import HTML, Answer
from crawler.demo.moulds.pages import PRIVATE, Built, build
from crawler.demo.moulds.plan import MOULDS, Mould, mould_of, root

__all__ = ["HTML", "MOULDS", "PRIVATE", "Answer", "Built", "Mould", "build", "mould_of", "root"]
