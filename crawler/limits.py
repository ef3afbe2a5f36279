"""The limits that decided on what a snapshot holds, as `publish` writes them into it.

What each means for a reader is said in crawler.labels.
"""

from crawler import channels, schedule, settings
from enrich import duplicates, extract, language, places, stories, themes
from enrich.detectors import DETECTORS


def in_force() -> dict[str, str]:
    """By name, as text. Those of the crawl are its defaults: a run may have been given others."""
    between = (schedule.FLOOR / schedule.HOUR, schedule.CEILING / schedule.HOUR)
    found = {
        "seconds_between_requests": f"{settings.DOWNLOAD_DELAY:g}",
        "largest_page_bytes": settings.DOWNLOAD_MAXSIZE,
        "hours_between_visits": "–".join(f"{hours:g}" for hours in between),
        "tries": schedule.MAX_TRIES,
        "days_until_looks": ", ".join(f"{look / schedule.DAY:g}" for look in schedule.LOOKS),
        "pages_of_older_links": channels.MAX_DEPTH,
        "fewest_words": extract.MIN_WORDS,
        "detectors": ", ".join(DETECTORS),
        "least_sure_language": language.UNSURE,
        "least_sure_sector": themes.SECTOR,
        "most_themes": themes.MOST,
        "main_country_score": places.MAIN,
        "share_of_a_copy": duplicates.SAME,
        "days_of_a_story": stories.MOST_DAYS,
    }
    return {name: str(value) for name, value in found.items()}
