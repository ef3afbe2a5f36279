"""What can go wrong, as a tree.

TamisError
├── SourceError       a record of spiders/sources is wrong: names file, record and field
├── ConfigError       the operator must set something: says what and how
├── FeedError         a feed, or another channel, cannot be read at all
├── NoSuchFeed        nothing is at an address below /feeds/ (crawler.exports.addresses)
├── CorpusError       a frozen corpus is not what was frozen (crawler.exports.corpus)
├── WarcError         a WARC file is damaged: says where, and how much was lost (crawler.warcfile)
├── ResultsError      a file of results is none, or is not whole (crawler.results)
└── PublishError      the new database failed its checks and the old one stays in place
"""


class TamisError(Exception):
    """Base of all errors that a person can act on; its text is one clear sentence."""


class SourceError(TamisError):
    pass


class ConfigError(TamisError):
    pass


class FeedError(TamisError):
    pass


class PublishError(TamisError):
    pass


class CorpusError(TamisError):
    pass
