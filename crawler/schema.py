"""The tables, private and published, as numbered steps.

Private steps are added at the end, never edited. Published ones are always run from the first, on
a new file, so they are edited where they are.

`private` is data/tamis.db: frontier, archive, ledger and articles, for the operator alone.
`published` is news.db: only what may be shown, built anew by `publish` and swapped in whole.
"""

import json

from sqlite_utils import Database, Migrations

private = Migrations("tamis.private")
published = Migrations("tamis.published")


@private()
def m001_crawl(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE sources (
          id TEXT PRIMARY KEY,
          record TEXT NOT NULL                    -- the registry's record as JSON
        );
        CREATE TABLE channels (
          id INTEGER PRIMARY KEY,
          source TEXT NOT NULL REFERENCES sources(id),
          kind TEXT NOT NULL,                     -- a name of spiders.channels.CHANNELS
          url TEXT NOT NULL UNIQUE,
          language TEXT,
          etag TEXT, modified TEXT,               -- committed with the URLs they stand for
          due TEXT NOT NULL DEFAULT '',           -- not before; '' is now
          checked TEXT,
          outcome TEXT, reason TEXT,              -- of the last visit: ok, unchanged, failed, ...
          defect TEXT,                            -- what had to be salvaged, if anything
          failures INTEGER NOT NULL DEFAULT 0     -- in a row
        );
        -- The ledger: every URL ever discovered, with exactly one outcome.
        CREATE TABLE urls (
          id INTEGER PRIMARY KEY,
          key TEXT NOT NULL UNIQUE,               -- identity (crawler.urls.key)
          url TEXT NOT NULL,                      -- what is requested
          host TEXT NOT NULL,
          source TEXT NOT NULL REFERENCES sources(id),
          channel INTEGER NOT NULL REFERENCES channels(id),
          hints TEXT NOT NULL,                    -- the Link as JSON
          discovered TEXT NOT NULL,
          outcome TEXT NOT NULL DEFAULT 'pending',
          reason TEXT,
          decided TEXT,
          tries INTEGER NOT NULL DEFAULT 0,
          due TEXT NOT NULL DEFAULT '',           -- not before; '' is now
          enricher TEXT                           -- version of what read its page last
        );
        CREATE INDEX urls_pending ON urls(host, id) WHERE outcome = 'pending';
        CREATE INDEX urls_fetched ON urls(id) WHERE outcome = 'fetched';
        CREATE INDEX urls_outcome ON urls(source, outcome);
        CREATE INDEX urls_enricher ON urls(enricher) WHERE enricher IS NOT NULL;
        -- The archive: raw bytes, zstd, so that nothing is fetched twice to be understood better.
        CREATE TABLE pages (
          id INTEGER PRIMARY KEY,
          url_id INTEGER NOT NULL REFERENCES urls(id),
          url TEXT NOT NULL,                      -- after redirects
          fetched TEXT NOT NULL,
          status INTEGER NOT NULL,
          content_type TEXT,
          headers TEXT NOT NULL,                  -- JSON
          body BLOB NOT NULL
        );
        CREATE INDEX pages_url ON pages(url_id);
        CREATE TABLE articles (
          id INTEGER PRIMARY KEY AUTOINCREMENT,   -- in order of arrival, never used again
          url_id INTEGER NOT NULL UNIQUE REFERENCES urls(id),
          page_id INTEGER NOT NULL REFERENCES pages(id),
          source TEXT NOT NULL REFERENCES sources(id),
          url TEXT NOT NULL,
          canonical TEXT,
          title TEXT NOT NULL,
          authors TEXT NOT NULL,                  -- JSON
          published TEXT, published_source TEXT,
          fetched TEXT NOT NULL,
          language TEXT NOT NULL, language_confidence REAL, language_method TEXT NOT NULL,
          language_votes TEXT NOT NULL,           -- JSON
          language_declared TEXT,
          image TEXT,
          attachments TEXT NOT NULL,              -- JSON
          categories TEXT NOT NULL,               -- JSON
          origin_url TEXT,
          words INTEGER NOT NULL,
          themes TEXT NOT NULL,                   -- JSON, with evidence
          countries TEXT NOT NULL,                -- JSON, with evidence
          text_hash TEXT NOT NULL,                -- of the folded text: exact duplicates
          content_hash TEXT NOT NULL,             -- of all of the above
          duplicate_of INTEGER REFERENCES articles(id)
        );
        CREATE INDEX articles_text_hash ON articles(text_hash);
        CREATE TABLE article_texts (
          article_id INTEGER PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
          text TEXT NOT NULL
        );
        """
    )


@private()
def m002_day_after_day(db: Database) -> None:
    """Revisits, versions, parts of channels, who named what, what is known of hosts."""
    db.executescript(
        """
        ALTER TABLE channels ADD COLUMN root INTEGER REFERENCES channels(id);
                                                  -- a part (a sitemap of an index) has one
        ALTER TABLE channels ADD COLUMN parent INTEGER REFERENCES channels(id);
                                                  -- and the index that names it
        ALTER TABLE channels ADD COLUMN changed TEXT;  -- of a part, as its index dates it
        ALTER TABLE channels ADD COLUMN selector TEXT;
        ALTER TABLE channels ADD COLUMN cursor TEXT;   -- where the next visit goes on
        ALTER TABLE channels ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;  -- pages of older links
        ALTER TABLE channels ADD COLUMN body_hash TEXT;     -- where servers do not say 304
        ALTER TABLE channels ADD COLUMN period REAL;        -- seconds, its own rhythm
        ALTER TABLE channels ADD COLUMN every REAL;         -- seconds, as it says of itself
        ALTER TABLE channels ADD COLUMN failing TEXT;       -- crawler.schedule.Failing
        ALTER TABLE channels ADD COLUMN succeeded TEXT;     -- the last visit that was answered
        ALTER TABLE channels ADD COLUMN found TEXT;         -- the last visit that brought news
        ALTER TABLE channels ADD COLUMN visits INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE channels ADD COLUMN links INTEGER NOT NULL DEFAULT 0;  -- named first by it
        UPDATE channels SET succeeded = checked WHERE outcome IN ('ok', 'unchanged');

        -- Who named what: one row a URL and channel, of which the best decides source and hints.
        CREATE TABLE discoveries (
          url_id INTEGER NOT NULL REFERENCES urls(id),
          channel INTEGER NOT NULL REFERENCES channels(id),
          rank INTEGER NOT NULL,                  -- the smallest decides (crawler.channels.RANK)
          hints TEXT NOT NULL,                    -- the Link as JSON
          discovered TEXT NOT NULL,
          PRIMARY KEY (url_id, channel)
        );
        INSERT INTO discoveries SELECT id, channel, 0, hints, discovered FROM urls;
        ALTER TABLE urls DROP COLUMN hints;

        ALTER TABLE urls ADD COLUMN etag TEXT;
        ALTER TABLE urls ADD COLUMN modified TEXT;
        ALTER TABLE urls ADD COLUMN body_hash TEXT;    -- of the page that was fetched last
        ALTER TABLE urls ADD COLUMN first_fetched TEXT;
        ALTER TABLE urls ADD COLUMN last_fetched TEXT;
        ALTER TABLE urls ADD COLUMN dated TEXT;        -- when the first to name it says it appeared
        ALTER TABLE urls ADD COLUMN updated TEXT;      -- when a channel says that it changed
        ALTER TABLE urls ADD COLUMN unchanged INTEGER NOT NULL DEFAULT 0;  -- looks in a row
        ALTER TABLE urls ADD COLUMN look TEXT;         -- to be looked at again then; NULL is never
        ALTER TABLE urls ADD COLUMN gone TEXT;         -- since when the server says 404 or 410
        UPDATE urls SET (first_fetched, last_fetched) =
          (SELECT min(fetched), max(fetched) FROM pages WHERE url_id = urls.id);
        UPDATE urls SET look = strftime('%Y-%m-%dT%H:%M:%SZ', first_fetched, '+30 days')
          WHERE outcome IN ('stored', 'fetched', 'too_short');
        CREATE INDEX urls_look ON urls(look) WHERE look IS NOT NULL;
        CREATE INDEX urls_look_host ON urls(host) WHERE look IS NOT NULL;

        ALTER TABLE articles ADD COLUMN signals TEXT NOT NULL DEFAULT '{}';
                                                  -- JSON, enrich.rights.Signals
        ALTER TABLE articles ADD COLUMN updated TEXT;  -- the visit that found it changed
        CREATE TABLE versions (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          number INTEGER NOT NULL,                -- from 1, the first
          page_id INTEGER NOT NULL REFERENCES pages(id),
          title TEXT NOT NULL,
          text BLOB NOT NULL,                     -- as it was until the next one, packed
          seen TEXT NOT NULL,                     -- when the next one was found
          added INTEGER NOT NULL, removed INTEGER NOT NULL,  -- words, by the next one
          diff TEXT NOT NULL,                     -- to the next one
          PRIMARY KEY (article_id, number)
        ) WITHOUT ROWID;

        CREATE TABLE hosts (
          host TEXT PRIMARY KEY,
          robots_status INTEGER, robots BLOB, robots_checked TEXT,
          tdmrep TEXT, tdmrep_checked TEXT,
          rests TEXT                              -- to be left alone until then
        ) WITHOUT ROWID;
        -- The last probe of each channel of the registry (`tamis sources probe --all`).
        CREATE TABLE probes (
          address TEXT NOT NULL,                  -- as the record has it
          source TEXT NOT NULL,                   -- its id; the record may be gone by now
          kind TEXT NOT NULL,                     -- spiders.channels.CHANNELS
          probed TEXT NOT NULL,
          verdict TEXT NOT NULL,                  -- crawler.verdicts.VERDICTS
          status INTEGER,                         -- HTTP, if there was an answer
          items INTEGER NOT NULL DEFAULT 0,
          newest TEXT,
          dated REAL, full_text REAL,             -- shares of the items, 0 to 1
          language TEXT,
          reason TEXT,
          PRIMARY KEY (source, kind, address)
        ) WITHOUT ROWID;
        """
    )
    for row in list(db.query("SELECT id, record FROM sources")):
        record = json.loads(row["record"])
        record["sitemaps"] = [{"url": at, "grade": "listed"} for at in record.get("sitemaps", ())]
        db.execute(
            "UPDATE sources SET record = ? WHERE id = ?",
            (json.dumps(record, ensure_ascii=False), row["id"]),
        )


@private()
def m003_pages_of_given_articles(db: Database) -> None:
    """What the page of an article that an API gave says of its rights; its text is the API's."""
    db.executescript(
        """
        ALTER TABLE urls ADD COLUMN given INTEGER NOT NULL DEFAULT 0;  -- 1: an API gave its text
        CREATE TABLE notices (
          url_id INTEGER PRIMARY KEY REFERENCES urls(id),
          seen TEXT NOT NULL,                     -- the visit to its page
          headers TEXT NOT NULL,                  -- JSON, as in pages
          signals TEXT NOT NULL                   -- JSON, enrich.rights.Signals
        );
        UPDATE urls SET given = 1, look = coalesce(decided, discovered)
          WHERE channel IN (SELECT id FROM channels WHERE kind IN ('wordpress', 'reliefweb'))
          AND outcome IN ('stored', 'fetched')
          -- What was fetched has its headers.
          AND (SELECT headers FROM pages WHERE url_id = urls.id
               ORDER BY fetched DESC, id DESC LIMIT 1) = '{}';
        """
    )


@private()
def m004_the_sieve(db: Database) -> None:
    """What the sieve knows of an article besides its text, and what was taken out of that."""
    db.executescript(
        """
        ALTER TABLE articles ADD COLUMN kind TEXT NOT NULL DEFAULT 'article';
        ALTER TABLE articles ADD COLUMN signed_by TEXT;        -- persons or organisation
        ALTER TABLE articles ADD COLUMN image_caption TEXT;
        ALTER TABLE articles ADD COLUMN section TEXT NOT NULL DEFAULT '[]';     -- JSON
        ALTER TABLE articles ADD COLUMN origin_publisher TEXT;
        ALTER TABLE articles ADD COLUMN relation TEXT;         -- enrich.origins.Origin
        ALTER TABLE articles ADD COLUMN candidates TEXT NOT NULL DEFAULT '{}';
                                                  -- JSON: what else title, date, authors could be
        -- Of every article: what the memory of its site works on, so that its text can be settled
        -- again when the site has shown more of itself.
        CREATE TABLE sieved (
          article_id INTEGER PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
          text BLOB NOT NULL,                     -- before that memory, packed
          seen BLOB NOT NULL,                     -- enrich.memory.pack
          declared TEXT,                          -- the language claimed for it, BCP 47
          settled TEXT                            -- which memory it was settled with; NULL: none
        );
        CREATE INDEX sieved_unsettled ON sieved(article_id) WHERE settled IS NULL;
        CREATE TABLE removed_lines (
          id INTEGER PRIMARY KEY,
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          line INTEGER,                           -- by memory: its number in the text before it
          text TEXT NOT NULL,                     -- its beginning
          rule TEXT NOT NULL,                     -- enrich.sieve.RULES, or enrich.memory
          articles INTEGER                        -- by memory: how many of the site have it
        );
        CREATE INDEX removed_lines_article ON removed_lines(article_id);
        """
    )


@private()
def m005_languages(db: Database) -> None:
    """All that is known of an article's language, and all that is claimed of it."""
    db.executescript(
        """
        ALTER TABLE articles ADD COLUMN language_tag TEXT NOT NULL DEFAULT '';  -- with its script
        ALTER TABLE articles ADD COLUMN language_shares TEXT NOT NULL DEFAULT '[]';
                                                  -- JSON, of its paragraphs, if several
        ALTER TABLE articles ADD COLUMN language_claims TEXT NOT NULL DEFAULT '{}';
                                                  -- JSON: of page, feed, alternate and source
        UPDATE articles SET
          language_tag = language,
          language = substr(language, 1, instr(language || '-', '-') - 1),
          -- Only the claim that counted was kept: the page's or, without one, its feed's.
          language_claims = json_patch('{}', json_object(
            'page', language_declared,
            'feed', (SELECT declared FROM sieved
                     WHERE article_id = articles.id AND language_declared IS NULL)
          ));
        ALTER TABLE sieved DROP COLUMN declared;
        """
    )


@private()
def m006_regions(db: Database) -> None:
    """The regions of Belgium that an article names; what was read before is read again for them."""
    db.execute("ALTER TABLE articles ADD COLUMN regions TEXT NOT NULL DEFAULT '[]'")
    # JSON, with evidence, as countries


@private()
def m007_organisations(db: Database) -> None:
    """Which organisations an article names."""
    db.executescript(
        """
        ALTER TABLE articles ADD COLUMN organisations TEXT NOT NULL DEFAULT '[]';
                                                  -- JSON, with evidence
        """
    )


@private()
def m008_themes_method(db: Database) -> None:
    """By what the themes of an article were found; `none`: its language has no terms."""
    db.execute("ALTER TABLE articles ADD COLUMN themes_method TEXT NOT NULL DEFAULT 'lexicon'")


@private()
def m009_sketches(db: Database) -> None:
    """Which articles share text, and which of them stands for the others."""
    db.executescript(
        """
        -- crawler.sketches: hashes of some of the runs of five words of each text.
        CREATE TABLE sketches (
          hash INTEGER NOT NULL, article_id INTEGER NOT NULL,
          PRIMARY KEY (hash, article_id)
        ) WITHOUT ROWID;
        CREATE TABLE sketched (
          article_id INTEGER PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
          text_hash TEXT NOT NULL, title TEXT NOT NULL,  -- what it was read with
          size INTEGER NOT NULL,                  -- how many such runs it has
          hashes BLOB                             -- NULL: too long ago to be compared
        );
        CREATE INDEX sketched_kept ON sketched(article_id) WHERE hashes IS NOT NULL;
        -- What two texts are to each other: enrich.duplicates.Relation.
        CREATE TABLE pairs (
          small INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          large INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          relation TEXT NOT NULL, shared REAL NOT NULL,
          PRIMARY KEY (small, large)
        ) WITHOUT ROWID;
        CREATE INDEX pairs_large ON pairs(large);
        -- What follows for each: enrich.clusters.Row.
        CREATE TABLE duplicates (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          cluster INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          relation TEXT NOT NULL, shared REAL, reason TEXT NOT NULL,
          PRIMARY KEY (article_id, relation, cluster)
        ) WITHOUT ROWID;
        CREATE INDEX duplicates_cluster ON duplicates(cluster);
        """
    )


@private()
def m010_stories(db: Database) -> None:
    """What an article has to tell a story by, and which two tell the same."""
    db.executescript(
        """
        CREATE TABLE signatures (
          article_id INTEGER PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
          state TEXT NOT NULL,                    -- of the article that was read
          day TEXT,                               -- it was published; NULL: nothing says when
          signature BLOB                          -- enrich.stories.Signature as JSON, packed
        );
        CREATE INDEX signatures_day ON signatures(day);
        -- Days of which articles have come, changed or gone since stories were last told apart.
        CREATE TABLE story_days (day TEXT PRIMARY KEY) WITHOUT ROWID;
        -- Two articles by their address, the smaller first, and the day of the earlier one.
        CREATE TABLE stories (
          one INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          other INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          day TEXT NOT NULL,
          score REAL NOT NULL,
          evidence TEXT NOT NULL,                 -- JSON, enrich.stories.Reason
          PRIMARY KEY (one, other)
        ) WITHOUT ROWID;
        CREATE INDEX stories_other ON stories(other);
        CREATE INDEX stories_day ON stories(day);
        """
    )


@private()
def m011_visits(db: Database) -> None:
    """How often each channel was visited each day, and how that went.

    What a visit found is in `discoveries`. Of the days before, nothing is known but that.
    """
    db.executescript(
        """
        CREATE TABLE visits (
          channel INTEGER NOT NULL REFERENCES channels(id),
          day TEXT NOT NULL,                      -- UTC
          answered INTEGER NOT NULL DEFAULT 0,    -- visits, each counted in one of the three
          unchanged INTEGER NOT NULL DEFAULT 0,
          failed INTEGER NOT NULL DEFAULT 0,
          PRIMARY KEY (channel, day)
        ) WITHOUT ROWID;
        """
    )


@private()
def m012_changes(db: Database) -> None:
    """What has changed since it was published, so that the next time only that is."""

    def mark(column: str, value: str) -> str:
        # Not INSERT OR REPLACE: the conflict clause of the statement that fires would overrule it.
        return (
            f"DELETE FROM changes WHERE {column} = {value};"
            f" INSERT INTO changes ({column}) VALUES ({value});"
        )

    def mark_article(value: str) -> str:
        url = f"(SELECT url_id FROM articles WHERE id = {value})"
        return (
            f"DELETE FROM changes WHERE url_id = {url};"
            f" INSERT INTO changes (url_id) SELECT url_id FROM articles WHERE id = {value};"
        )

    triggers: list[str] = []

    def on(table: str, event: str, body: str, when: str = "") -> None:
        name = f"changes_{len(triggers):02}_{table}"
        triggers.append(f"CREATE TRIGGER {name} AFTER {event} ON {table} {when} BEGIN {body} END;")

    shown = ("url", "key", "host", "source", "outcome", "reason", "discovered", "decided",
             "enricher", "gone", "given")  # fmt: skip
    differs = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in shown)
    on("urls", "INSERT", mark("url_id", "NEW.id"))
    on("urls", f"UPDATE OF {', '.join(shown)}", mark("url_id", "NEW.id"), f"WHEN {differs}")
    on("urls", "DELETE", mark("url_id", "OLD.id"))
    for table in ("articles", "notices"):
        on(table, "INSERT", mark("url_id", "NEW.url_id"))
        on(table, "UPDATE", mark("url_id", "NEW.url_id"))
        on(table, "DELETE", mark("url_id", "OLD.url_id"))
    for table, columns in {
        "article_texts": ("article_id",),
        "versions": ("article_id",),
        "removed_lines": ("article_id",),
        "duplicates": ("article_id",),
        "stories": ("one", "other"),
        "pairs": ("small", "large"),
    }.items():
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            on(table, event, "".join(mark_article(f"{row}.{column}") for column in columns))
    differs = "WHEN OLD.record IS NOT NEW.record"
    on("sources", "UPDATE OF record", mark("source", "NEW.id"), differs)
    differs = "WHEN OLD.tdmrep IS NOT NEW.tdmrep"
    on("hosts", "UPDATE OF tdmrep", mark("host", "NEW.host"), differs)
    on("hosts", "INSERT", mark("host", "NEW.host"), "WHEN NEW.tdmrep IS NOT NULL")
    on("hosts", "DELETE", mark("host", "OLD.host"), "WHEN OLD.tdmrep IS NOT NULL")
    on(
        "article_texts",
        "UPDATE OF text",
        "INSERT INTO replaced_texts (article_id, text, replaced)"
        " VALUES (OLD.article_id, OLD.text, strftime('%Y-%m-%dT%H:%M:%SZ'));",
        "WHEN OLD.text IS NOT NEW.text",
    )
    db.executescript(
        """
        -- One of the three: an address, or all of a source or of a host.
        CREATE TABLE changes (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          url_id INTEGER UNIQUE, source TEXT UNIQUE, host TEXT UNIQUE
        );
        -- What was published of this database: a random name, and up to which change.
        CREATE TABLE snapshots (
          token TEXT PRIMARY KEY, seq INTEGER NOT NULL, built TEXT NOT NULL
        ) WITHOUT ROWID;
        -- Words leave a published index as they came, so texts are kept for a while.
        CREATE TABLE replaced_texts (
          id INTEGER PRIMARY KEY,
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          text TEXT NOT NULL, replaced TEXT NOT NULL
        );
        CREATE INDEX replaced_texts_article ON replaced_texts(article_id);
        """
        + "\n".join(triggers)
    )


@private()
def m013_keywords(db: Database) -> None:
    """The key phrases of a whole text; what was read before is read again for them."""
    db.execute("ALTER TABLE articles ADD COLUMN keywords TEXT NOT NULL DEFAULT '[]'")  # JSON


@private()
def m014_runs(db: Database) -> None:
    """What each daily job did, and what it wanted a person to do."""
    db.executescript(
        """
        CREATE TABLE runs (
          id INTEGER PRIMARY KEY,
          started TEXT NOT NULL, ended TEXT,
          status TEXT NOT NULL,                   -- crawler.runs.STATUSES
          steps TEXT NOT NULL DEFAULT '[]',       -- JSON, crawler.runs.Step
          figures TEXT NOT NULL DEFAULT '{}',     -- JSON, crawler.runs.FIGURES
          needs TEXT NOT NULL DEFAULT '[]'        -- JSON: sentences for a person
        );
        """
    )


@private()
def m015_health(db: Database) -> None:
    """What each source gave day by day, what is wrong with any, and where channels lead."""
    db.executescript(
        """
        ALTER TABLE visits ADD COLUMN failing TEXT;    -- crawler.schedule.Failing, and why, of the
        ALTER TABLE visits ADD COLUMN reason TEXT;     -- last visit of the day that failed
        ALTER TABLE channels ADD COLUMN moved TEXT;    -- since then it leads elsewhere for good,
        ALTER TABLE channels ADD COLUMN moved_to TEXT; -- there
        ALTER TABLE sources ADD COLUMN edited TEXT;    -- when its channels were others before
        ALTER TABLE hosts ADD COLUMN certificate_begins TEXT;
        ALTER TABLE hosts ADD COLUMN certificate_ends TEXT;
        CREATE INDEX visits_day ON visits(day);
        -- What a day brought is found without reading what a million other addresses are.
        CREATE INDEX urls_discovered ON urls(discovered, source);
        CREATE INDEX urls_first_fetched ON urls(first_fetched) WHERE first_fetched IS NOT NULL;

        -- crawler.days.Day, and how many visits failed in which way.
        CREATE TABLE measures (
          source TEXT NOT NULL REFERENCES sources(id),
          day TEXT NOT NULL,                      -- UTC
          visits INTEGER NOT NULL, failed INTEGER NOT NULL,
          temporary INTEGER NOT NULL, soft INTEGER NOT NULL, hard INTEGER NOT NULL,
          reason TEXT,                            -- of a visit that failed
          found INTEGER NOT NULL,
          read INTEGER NOT NULL, stored INTEGER NOT NULL,
          words INTEGER NOT NULL,                 -- median
          dated INTEGER NOT NULL, signed INTEGER NOT NULL,
          languages TEXT NOT NULL,                -- JSON: how many articles in each
          blocks TEXT NOT NULL,                   -- JSON: how many have each line that is new
          others TEXT NOT NULL,                   -- JSON: what the other pages were
          PRIMARY KEY (source, day)
        ) WITHOUT ROWID;
        CREATE INDEX measures_day ON measures(day);
        -- Since when, and until when, a site has repeated a line.
        CREATE TABLE blocks (
          source TEXT NOT NULL REFERENCES sources(id),
          line TEXT NOT NULL,                     -- its beginning
          first TEXT NOT NULL, last TEXT NOT NULL,
          PRIMARY KEY (source, line)
        ) WITHOUT ROWID;
        -- crawler.days.Alarm
        CREATE TABLE alarms (
          id INTEGER PRIMARY KEY AUTOINCREMENT,   -- feeds repeat it
          kind TEXT NOT NULL,                     -- crawler.alarms.KINDS
          source TEXT NOT NULL,                   -- '' for all
          about TEXT NOT NULL,                    -- a channel or a host, or ''
          since TEXT NOT NULL, raised TEXT NOT NULL, until TEXT,
          told TEXT NOT NULL,                     -- the moment at which it was raised or ended
          evidence TEXT NOT NULL,                 -- JSON
          sentence TEXT NOT NULL
        );
        CREATE UNIQUE INDEX alarms_open ON alarms(kind, source, about) WHERE until IS NULL;
        CREATE INDEX alarms_source ON alarms(source);
        """
    )


@private()
def m016_forgetting(db: Database) -> None:
    """What was taken down and must not come back, and what was let go for its age."""
    db.executescript(
        """
        CREATE TABLE tombstones (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          kind TEXT NOT NULL,                     -- crawler.tombstones.KINDS
          hash TEXT NOT NULL, salt TEXT NOT NULL, -- of what was taken down, and its key
          day TEXT NOT NULL,
          reason TEXT NOT NULL, ref TEXT,         -- a code, and the operator's own reference
          part_of INTEGER REFERENCES tombstones(id),  -- another address of what that one names
          UNIQUE (kind, hash)
        );
        -- What each take-down did; begun and not finished: a kill came between.
        CREATE TABLE erasures (
          id INTEGER PRIMARY KEY,
          tombstone INTEGER NOT NULL,             -- which may have been lifted since
          begun TEXT NOT NULL, finished TEXT,
          record TEXT NOT NULL                    -- JSON: crawler.forget.Erasure
        );
        ALTER TABLE urls ADD COLUMN tombstone INTEGER;  -- of what was forgotten
        CREATE INDEX urls_tombstone ON urls(tombstone) WHERE tombstone IS NOT NULL;
        ALTER TABLE articles ADD COLUMN expired TEXT;  -- when its text was let go
        -- What retention asks for: raw pages that are there, and articles by age.
        CREATE INDEX pages_kept ON pages(fetched) WHERE length(body) > 0;
        CREATE INDEX articles_fetched ON articles(fetched, expired);
        -- Another article of the source of one that goes: crawler.sifting.unsettle.
        CREATE INDEX articles_source ON articles(source);
        """
    )


@private()
def m017_shard(db: Database) -> None:
    """Which part of the sources is crawled into this database; no row: all, or a merged one."""
    db.execute("CREATE TABLE shard (number INTEGER NOT NULL, total INTEGER NOT NULL)")


@published()
def m001_news(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE sources (
          id TEXT PRIMARY KEY, name TEXT NOT NULL, homepage TEXT NOT NULL, country TEXT NOT NULL,
          organisation TEXT NOT NULL, category TEXT NOT NULL, languages TEXT NOT NULL,
          licence TEXT, licence_url TEXT, terms_read_on TEXT, tdm TEXT NOT NULL,
          publish TEXT NOT NULL, articles INTEGER NOT NULL DEFAULT 0,
          succeeded TEXT, found TEXT, failures INTEGER NOT NULL
        );
        CREATE TABLE themes (
          slug TEXT PRIMARY KEY, theme_group TEXT NOT NULL,
          label_fr TEXT NOT NULL, label_nl TEXT NOT NULL, label_en TEXT NOT NULL,
          label_de TEXT NOT NULL, label_es TEXT NOT NULL, label_pt TEXT NOT NULL,
          label_ar TEXT NOT NULL, reliefweb TEXT NOT NULL, iptc TEXT NOT NULL
        );
        CREATE TABLE languages (code TEXT PRIMARY KEY, name_fr TEXT, name_nl TEXT, name_en TEXT);
        CREATE TABLE countries (code TEXT PRIMARY KEY, name_fr TEXT, name_nl TEXT, name_en TEXT);
        CREATE TABLE regions (
          code TEXT PRIMARY KEY, name_fr TEXT, name_nl TEXT, name_de TEXT, name_en TEXT
        );
        CREATE TABLE articles (
          id INTEGER PRIMARY KEY,
          url TEXT NOT NULL, url_key TEXT NOT NULL UNIQUE,
          source TEXT NOT NULL REFERENCES sources(id),
          title TEXT NOT NULL, summary TEXT NOT NULL, authors TEXT NOT NULL,
          published TEXT, published_source TEXT, fetched TEXT NOT NULL,
          language TEXT NOT NULL REFERENCES languages(code), language_tag TEXT NOT NULL,
          language_confidence REAL, language_method TEXT NOT NULL,
          language_declared TEXT, language_claims TEXT NOT NULL DEFAULT '{}',
          language_conflict INTEGER,
          country TEXT, country_from TEXT, themes_method TEXT NOT NULL,
          words INTEGER NOT NULL, image TEXT, categories TEXT NOT NULL, origin_url TEXT,
          kind TEXT NOT NULL DEFAULT 'article', signed_by TEXT, image_caption TEXT,
          section TEXT NOT NULL DEFAULT '[]', origin_publisher TEXT, relation TEXT,
          candidates TEXT NOT NULL DEFAULT '{}', keywords TEXT NOT NULL DEFAULT '[]',
          updated TEXT, versions INTEGER NOT NULL, gone TEXT, expired TEXT,
          rights TEXT NOT NULL, tdm TEXT, robots TEXT, licences TEXT NOT NULL,
          content_hash TEXT NOT NULL, enricher TEXT NOT NULL,
          duplicate_of INTEGER REFERENCES articles(id),
          doc INTEGER                             -- its number in articles_fts: crawler.index
        );
        -- Only those that may be shown whole; the index has every text.
        CREATE TABLE article_texts (
          article_id INTEGER PRIMARY KEY REFERENCES articles(id) ON DELETE CASCADE,
          text TEXT NOT NULL
        );
        CREATE TABLE duplicates (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          cluster INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          relation TEXT NOT NULL, shared REAL, reason TEXT NOT NULL,
          PRIMARY KEY (article_id, relation, cluster)
        ) WITHOUT ROWID;
        CREATE TABLE same_story (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          other_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          score REAL NOT NULL, evidence TEXT NOT NULL,
          PRIMARY KEY (article_id, other_id)
        ) WITHOUT ROWID;
        CREATE TABLE article_themes (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          theme TEXT NOT NULL REFERENCES themes(slug),
          score REAL NOT NULL, evidence TEXT NOT NULL,
          PRIMARY KEY (article_id, theme)
        ) WITHOUT ROWID;
        CREATE TABLE article_countries (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          country TEXT NOT NULL REFERENCES countries(code),
          score REAL NOT NULL, evidence TEXT NOT NULL,
          PRIMARY KEY (article_id, country)
        ) WITHOUT ROWID;
        CREATE TABLE article_regions (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          region TEXT NOT NULL REFERENCES regions(code),
          score REAL NOT NULL, evidence TEXT NOT NULL,
          PRIMARY KEY (article_id, region)
        ) WITHOUT ROWID;
        CREATE TABLE organisations (
          id TEXT PRIMARY KEY, kind TEXT NOT NULL,
          name_fr TEXT NOT NULL, name_nl TEXT NOT NULL, name_en TEXT NOT NULL,
          acronym TEXT, country TEXT,
          parent TEXT REFERENCES organisations(id), source TEXT REFERENCES sources(id)
        );
        CREATE TABLE article_organisations (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          organisation TEXT NOT NULL REFERENCES organisations(id),
          score REAL NOT NULL, evidence TEXT NOT NULL,
          PRIMARY KEY (article_id, organisation)
        ) WITHOUT ROWID;
        CREATE TABLE article_languages (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          language TEXT NOT NULL REFERENCES languages(code),
          share REAL NOT NULL,
          PRIMARY KEY (article_id, language)
        ) WITHOUT ROWID;
        -- A table, since as JSON in each article it would take 216 MB of a million, not 97.
        CREATE TABLE language_votes (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          detector TEXT NOT NULL, language TEXT NOT NULL REFERENCES languages(code),
          probability REAL NOT NULL,
          PRIMARY KEY (article_id, detector, language)
        ) WITHOUT ROWID;
        CREATE TABLE article_versions (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          number INTEGER NOT NULL, title TEXT NOT NULL, seen TEXT NOT NULL,
          added INTEGER NOT NULL, removed INTEGER NOT NULL, diff TEXT,
          PRIMARY KEY (article_id, number)
        ) WITHOUT ROWID;
        CREATE TABLE attachments (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          number INTEGER NOT NULL, url TEXT NOT NULL, label TEXT NOT NULL,
          media_type TEXT, size INTEGER,
          PRIMARY KEY (article_id, number)
        ) WITHOUT ROWID;
        CREATE TABLE removed_lines (
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          number INTEGER NOT NULL, text TEXT NOT NULL, rule TEXT NOT NULL, articles INTEGER,
          PRIMARY KEY (article_id, number)
        ) WITHOUT ROWID;
        CREATE TABLE facet_counts (
          facet TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL,
          PRIMARY KEY (facet, value)
        ) WITHOUT ROWID;
        CREATE TABLE ledger (
          id INTEGER PRIMARY KEY, url TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources(id),
          outcome TEXT NOT NULL, reason TEXT, discovered TEXT NOT NULL, decided TEXT,
          article_id INTEGER REFERENCES articles(id)
        );
        CREATE TABLE runs (
          id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, status TEXT NOT NULL,
          channels INTEGER, failed INTEGER, discovered INTEGER, stored INTEGER, changed INTEGER,
          waiting INTEGER, needs INTEGER NOT NULL, seconds REAL
        );
        CREATE TABLE source_health (
          source TEXT PRIMARY KEY REFERENCES sources(id),
          last_answer TEXT, last_article TEXT,
          visits INTEGER NOT NULL, failed INTEGER NOT NULL,
          temporary INTEGER NOT NULL, soft INTEGER NOT NULL, hard INTEGER NOT NULL, reason TEXT,
          found INTEGER NOT NULL, pages INTEGER NOT NULL, stored INTEGER NOT NULL,
          dated INTEGER NOT NULL, signed INTEGER NOT NULL, alarms INTEGER NOT NULL
        );
        CREATE TABLE channel_health (
          source TEXT NOT NULL REFERENCES sources(id), kind TEXT NOT NULL, url TEXT PRIMARY KEY,
          last_answer TEXT, last_news TEXT,
          visits INTEGER NOT NULL, failed INTEGER NOT NULL,
          temporary INTEGER NOT NULL, soft INTEGER NOT NULL, hard INTEGER NOT NULL, reason TEXT,
          found INTEGER NOT NULL, stored INTEGER NOT NULL, moved_to TEXT
        );
        CREATE TABLE alarms (
          id INTEGER PRIMARY KEY, kind TEXT NOT NULL, source TEXT REFERENCES sources(id),
          about TEXT, since TEXT NOT NULL, raised TEXT NOT NULL, until TEXT,
          sentence TEXT NOT NULL, evidence TEXT NOT NULL
        );
        CREATE TABLE snapshot (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

        -- What lists and counts ask for, in the order of the index: crawler.index.Listed.
        CREATE TABLE listed (
          doc INTEGER PRIMARY KEY,
          article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
          language TEXT NOT NULL, source TEXT NOT NULL, themes TEXT NOT NULL,
          countries TEXT NOT NULL, organisations TEXT NOT NULL,
          copy INTEGER NOT NULL, retold INTEGER NOT NULL,
          digest INTEGER NOT NULL                 -- of its document: crawler.index.Document
        );
        CREATE VIRTUAL TABLE articles_fts USING fts5(
          title, text, stems, tags, content='',
          tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
        );
        """
    )


@published()
def m001_coverage(db: Database) -> None:
    """What was crawled when, and what became of it: counted once (crawler.coverage), asked often.

    Of a million addresses and articles, the same counts take seconds.
    """
    db.executescript(
        """
        CREATE TABLE source_days (
          source TEXT NOT NULL REFERENCES sources(id), day TEXT NOT NULL, state TEXT NOT NULL,
          visits INTEGER, failed INTEGER, found INTEGER NOT NULL, stored INTEGER NOT NULL,
          PRIMARY KEY (source, day)
        ) WITHOUT ROWID;
        CREATE TABLE ledger_counts (
          source TEXT NOT NULL REFERENCES sources(id), month TEXT NOT NULL, outcome TEXT NOT NULL,
          reason TEXT NOT NULL, n INTEGER NOT NULL,
          PRIMARY KEY (source, month, outcome, reason)
        ) WITHOUT ROWID;
        -- The flow of all sources, in 6 ms instead of 37.
        CREATE INDEX ledger_counts_outcome ON ledger_counts(outcome, reason, month, n);
        CREATE TABLE source_facts (
          source TEXT PRIMARY KEY REFERENCES sources(id), dated INTEGER NOT NULL,
          signed INTEGER NOT NULL, words INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE source_languages (
          source TEXT NOT NULL REFERENCES sources(id),
          language TEXT NOT NULL REFERENCES languages(code), n INTEGER NOT NULL,
          PRIMARY KEY (source, language)
        ) WITHOUT ROWID;
        -- What each site repeats, and so is no article's.
        CREATE TABLE boilerplate (
          source TEXT NOT NULL REFERENCES sources(id), text TEXT NOT NULL,
          articles INTEGER NOT NULL, removed INTEGER NOT NULL,
          PRIMARY KEY (source, text)
        ) WITHOUT ROWID;
        """
    )


@published()
def m002_indexes(db: Database) -> None:
    """Comes after the rows are in, so that each index is made in one go."""
    db.executescript(
        """
        -- What the tables and the queries of Datasette ask for, newest first.
        CREATE UNIQUE INDEX articles_doc ON articles(doc);
        CREATE INDEX articles_published ON articles(published);
        CREATE INDEX articles_language ON articles(language, published);
        CREATE INDEX articles_source ON articles(source, published);
        CREATE INDEX articles_country ON articles(country, published);
        CREATE INDEX articles_conflict ON articles(language_confidence)
          WHERE language_conflict = 1;
        CREATE INDEX languages_article ON article_languages(language, article_id);
        CREATE INDEX articles_content ON articles(content_hash);
        CREATE INDEX articles_duplicate ON articles(duplicate_of) WHERE duplicate_of IS NOT NULL;
        CREATE INDEX duplicates_cluster ON duplicates(cluster, relation);
        CREATE INDEX same_story_other ON same_story(other_id);
        CREATE INDEX themes_article ON article_themes(theme, article_id);
        CREATE INDEX countries_article ON article_countries(country, article_id);
        CREATE INDEX regions_article ON article_regions(region, article_id);
        CREATE INDEX organisations_article ON article_organisations(organisation, article_id);
        CREATE INDEX ledger_outcome ON ledger(source, outcome);
        CREATE INDEX ledger_article ON ledger(article_id);
        """
    )
