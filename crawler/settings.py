"""Scrapy's settings: careful by default, so that a forgotten option never harms a site or us."""

from crawler import __version__

BOT_NAME = "tamis"
SPIDER_MODULES = ["spiders"]

# Who we are. `tamis crawl --contact` (or TAMIS_CONTACT) completes it; public hosts are not
# visited without one (crawler.guard).
USER_AGENT = f"Tamis/{__version__}"
TAMIS_DB = "data/tamis.db"
TAMIS_SOURCES = None  # a folder of records instead of the packaged spiders/sources
TAMIS_CONTACT = None  # an address or URL where a webmaster reaches the operator
TAMIS_RELIEFWEB_APPNAME = None  # approved at apidoc.reliefweb.int, for sources that use its API
TAMIS_LOOPBACK = False  # only for a test web: sites on this machine, and *.localhost

# Politeness. One request at a time to a host, a second apart; robots.txt may ask for more.
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "Tamis"
DOWNLOAD_DELAY = 1.0
CONCURRENT_REQUESTS_PER_DOMAIN = 1
CONCURRENT_REQUESTS = 64
COOKIES_ENABLED = False
RETRY_TIMES = 2
# 429 and 503 are not here: whoever asks us to wait is not asked again at once (see the frontier).
RETRY_HTTP_CODES = [500, 502, 504, 408]
REDIRECT_MAX_TIMES = 5
DOWNLOAD_TIMEOUT = 20

# Safety. A 1 GB gzip bomb is refused at 8 MiB; the largest of 1,185 real pages has 2.2 MB.
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {
    "http": "crawler.politeness.Handler", "https": "crawler.politeness.Handler",
    "data": None, "file": None, "ftp": None, "s3": None,
}  # fmt: skip
TWISTED_DNS_RESOLVER = "crawler.guard.PublicResolver"
REFERRER_POLICY = "no-referrer"  # a redirect would tell the next host where we come from
HTTPPROXY_ENABLED = False  # a proxy resolves names by itself, past our resolver
DOWNLOADER_MIDDLEWARES = {
    "crawler.guard.AddressGuard": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.robots.Robots": 100,
    # On either side of Scrapy's HttpCompression, at 590.
    "crawler.middlewares.UndecodedBody": 595,
    "crawler.middlewares.WholeBody": 585,
}
# Of Scrapy's own extensions only these: nobody steers a crawl from outside (RemoteControl,
# TelnetConsole), AutoThrottle would go below a Crawl-delay, and to import the others and switch
# them off takes a quarter of a second.
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.feedexport.FeedExporter": 0,  # for `scrapy crawl -o`
}
EXTENSIONS = {"crawler.politeness.Pace": 500}

# Speed. 100 parallel items a response cost 17 % of the crawl for nothing: a response is one page.
CONCURRENT_ITEMS = 4
# web_url measures addresses; Scrapy's own limit drops a request without a word to the spider.
URLLENGTH_LIMIT = 0
# A page that refreshes itself is whole as it is, and would be fetched again and again.
METAREFRESH_ENABLED = False
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 20_000_000

LOG_LEVEL = "INFO"
LOGSTATS_INTERVAL = 0  # our own progress says more
