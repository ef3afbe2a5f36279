"""What all pages share: what templates know, and what is answered where there is no page.

Only what Datasette 0.65 and 1.0 have in common is used.
"""

from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Forbidden

from crawler.failures import excuse
from crawler.interface import is_private, prepare


@hookimpl(wrapper=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Our page instead of Datasette's.

    A wrapper, because Datasette awaits the answers of all plugins before it takes the first, and
    its own answer prints a trace.
    """
    yield
    return [lambda: excuse(datasette, request, exception)]


@hookimpl
def forbidden(datasette: Any, request: Any, message: str) -> Any:
    return lambda: excuse(datasette, request, Forbidden(message))


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    prepare(env, datasette)


@hookimpl
def extra_template_vars(datasette: Any) -> dict[str, Any]:
    """For Datasette's own pages; asked only where a template calls it."""
    return {"is_private": lambda: is_private(datasette)}
