"""An alarm as a sentence for a person: what is wrong, since when, and what to do."""

from collections.abc import Callable, Mapping
from typing import Any

from crawler.days import Alarm
from crawler.schedule import Failing

Told = Mapping[str, Any]

ADVICE = {
    Failing.TEMPORARY: "See whether the site works in a browser; if it does, it may refuse us",
    Failing.SOFT: "Look at what it answers; `tamis sources probe` finds the site's other channels",
    Failing.HARD: "Find its successor with `tamis sources probe`, or disable the source",
}


def sentence(alarm: Alarm, name: str) -> str:
    """`name` is the source's."""
    told = SENTENCES[alarm.kind](alarm, alarm.evidence)
    return f"{name}: {told}" if name else told[:1].upper() + told[1:]


def _network(alarm: Alarm, told: Told) -> str:
    if "days" in told:
        return (
            f"Tamis did not run on {told['days']} days from {alarm.since}. See why the daily job"
            " was not started; nothing is judged by these days"
        )
    return (
        f"{told['silent']} of {told['asked']} sources did not answer. See whether this machine"
        " reaches the network; nothing is judged by such days"
    )


def _failing(alarm: Alarm, told: Told) -> str:
    return (
        f"{alarm.about} has not answered since {alarm.since} ({told['class']}: {told['reason']})."
        f" {ADVICE[Failing(told['class'])]}"
    )


def _silence(alarm: Alarm, told: Told) -> str:
    if told.get("ever") == 0:
        return (
            f"nothing was ever found in it, asked on {told['days']} days. Look at its channels"
            " with `tamis sources probe`"
        )
    return (
        f"nothing new since {alarm.since}, though it usually has news on {told['days_a_week']:g}"
        " days a week. If its site goes on, find where with `tamis sources probe`"
    )


def _flood(_: Alarm, told: Told) -> str:
    return (
        f"{told['found']} new addresses in a day, where {told['usual']} are many. If they are no"
        " articles, narrow the channel that names them"
    )


def _yield(alarm: Alarm, told: Told) -> str:
    commonest = max(told["others"], key=lambda each: told["others"][each], default="unknown")
    return (
        f"of {told['of']} pages since {alarm.since} {told['now']:.0%} are no articles, before"
        f" {told['before']:.0%} (most are {commonest}). See one with `tamis explain URL`"
    )


def _share(what: str, advice: str) -> Callable[[Alarm, Told], str]:
    def say(alarm: Alarm, told: Told) -> str:
        return (
            f"since {alarm.since} {told['now']:.0%} of {told['of']} articles {what}, before"
            f" {told['before']:.0%}. {advice}"
        )

    return say


def _language(alarm: Alarm, told: Told) -> str:
    return (
        f"since {alarm.since} {told['now']:.0%} of {told['of']} articles are in {told['what']},"
        f" before {told['before']:.0%}. See whether its channel is still the one of its record"
    )


def _block(alarm: Alarm, told: Told) -> str:
    return (
        f"since {alarm.since} {told['now']:.0%} of {told['of']} articles begin to share the line"
        f" “{told['what']}”. See whether it stands in place of their text"
    )


def _moved(alarm: Alarm, told: Told) -> str:
    return (
        f"{alarm.about} has led to {told['to']} for good since {alarm.since}. Write that address"
        " in its record"
    )


def _certificate(alarm: Alarm, told: Told) -> str:
    ends = "ended" if told["days"] < 0 else "ends"
    return (
        f"the certificate of {alarm.about} {ends} on {told['ends']}. Without a new one it will not"
        " be visited: tell its webmaster"
    )


SENTENCES: dict[str, Callable[[Alarm, Told], str]] = {
    "network": _network,
    "failing": _failing,
    "silence": _silence,
    "flood": _flood,
    "yield": _yield,
    "length": _share(
        "have less than half of the usual length",
        "See one with `tamis explain URL`: only its lead may be left",
    ),
    "date": _share("have no date", "See one with `tamis explain URL`: its layout may be new"),
    "author": _share("have no author", "See one with `tamis explain URL`: its layout may be new"),
    "block": _block,
    "language": _language,
    "moved": _moved,
    "certificate": _certificate,
}
