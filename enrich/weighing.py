"""What several detectors say of a text, weighed together: probabilities multiply.

Nothing here is fitted to labelled text. How a detector answers for a language that it does not
know was measured on the text that the profiles are made from (enrich.profiles).
"""

from collections.abc import Iterable, Mapping
from math import exp, log

from enrich.detectors import DETECTORS, Ranked
from enrich.neighbours import families
from enrich.profiles import blind_spots

# What a detector that does not know a language says for it: from .02 to .1, no figure of the
# development half moves by more than .2 points.
UNKNOWN = 0.03
# What a mark of its neighbour takes from a language, as the logarithm of a probability, and how
# many of them count: 2 is .1 to .5 points worse, and more marks are as good as three.
MARK, MAX_MARKS = 4.0, 3
# How much of their odds detectors keep between neighbours without a mark (`alike` families): with
# less, fewer than nine headlines in ten are sure, with more, less than 98 % of those are right.
DOUBT = 0.4
# A blind spot is thought of when a detector answers with so much what it would say for it so often.
SAID, OFTEN = 0.3, 0.2

Chances = dict[str, float]


def weigh(
    answers: Mapping[str, Ranked], against: Mapping[str, int], priors: Mapping[str, float]
) -> Chances:
    """How probable each language is, of those that are thought of; none if nobody answered.

    `answers` are those of the detectors that were asked, `against` counts marks of neighbours, and
    `priors` are logarithms to add.
    """
    heard = {name: dict(ranked) for name, ranked in answers.items() if ranked}
    candidates = _candidates(heard, against, priors)
    if not heard:
        return {}
    sums = {
        language: sum(log(_likelihood(name, said, language)) for name, said in heard.items())
        for language in candidates
    }
    for family in families():
        members = [language for language in family.languages if language in sums]
        if any(against.get(member) for member in members):
            _share_out(sums, members, against)
        elif family.alike and members:
            _doubt(sums, family.languages)
    # Last, since marks and doubts are about what was heard.
    for language, prior in priors.items():
        sums[language] += prior
    total = _log_sum(sums.values())
    return {language: exp(value - total) for language, value in sorted(sums.items())}


def _candidates(
    heard: Mapping[str, Mapping[str, float]],
    against: Mapping[str, int],
    priors: Mapping[str, float],
) -> set[str]:
    """Whatever was said, what it may stand for, and the neighbours that marks speak of."""
    found = {language for said in heard.values() for language in said} | priors.keys()
    for name, said in heard.items():
        for language, row in blind_spots().get(name, {}).items():
            if any(row.get(code, 0) >= OFTEN for code, share in said.items() if share > SAID):
                found.add(language)
    for family in families():
        members = set(family.languages)
        if found & members and (family.alike or against.keys() & members):
            found |= members
    return found


def _likelihood(name: str, said: Mapping[str, float], language: str) -> float:
    """How well an answer fits a text of the language."""
    detector = DETECTORS[name]
    knows = language in detector.covers()
    own = said.get(language, 0.0) if knows else 0.0
    row = blind_spots().get(name, {}).get(language)
    if row is None:
        return max(own, detector.floor) if knows else UNKNOWN
    mistaken = sum(share * row.get(code, 0.0) for code, share in said.items())
    # A blind spot says what to expect, so what fits it ill is less probable than of a stranger.
    return max(own, mistaken, detector.floor if knows else UNKNOWN / 2)


def _share_out(sums: dict[str, float], members: Iterable[str], against: Mapping[str, int]) -> None:
    """Marks tell neighbours apart; what the family has together stays."""
    before = {member: sums[member] for member in members}
    after = {
        member: value - MARK * min(MAX_MARKS, against.get(member, 0))
        for member, value in before.items()
    }
    shift = _log_sum(before.values()) - _log_sum(after.values())
    sums.update((member, value + shift) for member, value in after.items())


def _doubt(sums: dict[str, float], members: Iterable[str]) -> None:
    """Without a mark of either, detectors are right less often than they say."""
    least = min(sums[member] for member in members if member in sums)
    before = {member: sums.get(member, least) for member in members}
    after = {member: value * DOUBT for member, value in before.items()}
    shift = _log_sum(before.values()) - _log_sum(after.values())
    sums.update((member, value + shift) for member, value in after.items())


def _log_sum(values: Iterable[float]) -> float:
    listed = list(values)
    most = max(listed)
    return most + log(sum(exp(value - most) for value in listed))
