"""What stands around every answer: headers for browsers, a pace for readers, nothing to write.

Its settings are those of the plugin `tamis-pace` in metadata.yml.
"""

from typing import Any

from datasette import hookimpl

from crawler.interface import guarded, unwritten
from crawler.pace import A_MINUTE, BURST, Pace, paced


@hookimpl
def asgi_wrapper(datasette: Any) -> Any:
    told = datasette.plugin_config("tamis-pace") or {}
    pace = Pace(told.get("a_minute", A_MINUTE), told.get("burst", BURST))
    return lambda app: guarded(
        unwritten(paced(app, datasette, pace, told.get("proxies", ())), datasette)
    )
