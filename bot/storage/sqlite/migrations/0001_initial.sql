-- The first schema. One transaction, version included: it happens whole or not at all.
BEGIN IMMEDIATE;

PRAGMA application_id = 1212502593;  -- "HERA", so that `file` and we can tell whose database it is
PRAGMA user_version = 1;

-- Facts about this database (installation_id, tokeniser_version) and what callers asked to remember.
CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT wherever an id leaves the database (buttons, nonces): an id is never given twice.
CREATE TABLE feeds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  url TEXT NOT NULL,
  canonical_url TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  site_url TEXT,
  icon_url TEXT,
  language TEXT,
  ttl_s INTEGER CHECK (ttl_s >= 0),
  etag TEXT,
  last_modified TEXT,
  body_hash TEXT,
  state TEXT NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'failing', 'gone')),
  failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
  last_error TEXT,
  is_kept INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1)),
  created_at INTEGER NOT NULL,
  polled_at INTEGER,
  succeeded_at INTEGER,
  next_poll_at INTEGER NOT NULL,
  next_poll_reason TEXT NOT NULL DEFAULT ''
) STRICT;

-- feeds_due, next_due_at: the most overdue first.
CREATE INDEX feeds_by_next_poll ON feeds (next_poll_at) WHERE state <> 'gone';

CREATE TABLE checks (
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  checked_at INTEGER NOT NULL,
  status INTEGER,
  took_ms INTEGER NOT NULL,
  size INTEGER NOT NULL,
  new_entries INTEGER NOT NULL,
  error TEXT,
  PRIMARY KEY (feed_id, checked_at)
) STRICT, WITHOUT ROWID;

-- tidy: checks that are too old, whatever their feed.
CREATE INDEX checks_by_time ON checks (checked_at);

CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  added_by INTEGER,
  added_at INTEGER NOT NULL,
  paused_at INTEGER,
  removed_at INTEGER,  -- kept for a while after removal, so that it can be undone
  UNIQUE (channel_id, feed_id)
) STRICT;

-- known, feeds_due: who follows a feed.
CREATE INDEX subscriptions_by_feed ON subscriptions (feed_id, removed_at);

-- followings: what a guild follows.
CREATE INDEX subscriptions_by_guild ON subscriptions (guild_id, channel_id);

CREATE TABLE stories (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  created_at INTEGER NOT NULL
) STRICT;

-- What lists and filters read stands before the long texts: SQLite walks a row's pages in column order.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
  first_seen_at INTEGER NOT NULL,
  published_at INTEGER,
  updated_at INTEGER,
  -- No generated column: SQLite 3.40 calls no index that holds one covering, and reads every row.
  dated_at INTEGER NOT NULL CHECK (dated_at = COALESCE(published_at, first_seen_at)),
  text_method TEXT CHECK (text_method IN ('feed', 'page', 'teaser')),
  guid TEXT,
  url TEXT,
  title TEXT NOT NULL,
  author TEXT,
  image_url TEXT,
  tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
  article_note TEXT,  -- why there is only a teaser, where there is
  teaser TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;

-- entries, followings, feeds: the newest of a feed, and how many since yesterday.
CREATE INDEX entries_by_feed ON entries (feed_id, dated_at);

-- latest, search by date: the newest of all.
CREATE INDEX entries_by_date ON entries (dated_at, feed_id, story_id);

-- claim_deliveries: the entry that leads a story. search, latest: which entries a member may see; with
-- all that they are filtered and sorted by, so that the long rows are not read.
CREATE INDEX entries_by_story ON entries (story_id, feed_id, dated_at);

CREATE TABLE entry_aliases (
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  alias TEXT NOT NULL,
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (feed_id, alias)
) STRICT, WITHOUT ROWID;

-- Foreign key: deleting an entry finds its aliases.
CREATE INDEX entry_aliases_by_entry ON entry_aliases (entry_id);

CREATE TABLE summaries (
  story_id INTEGER NOT NULL PRIMARY KEY REFERENCES stories (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  method TEXT NOT NULL
) STRICT;

-- The outbox. A channel's deliveries are sent in the order of their ids.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,  -- whose subscription made it
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'sent', 'edit_due', 'abandoned')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  message_id INTEGER,
  sent_at INTEGER,
  last_error TEXT,
  UNIQUE (story_id, channel_id),
  CHECK ((state IN ('sent', 'edit_due')) = (message_id IS NOT NULL)),
  CHECK (lease_until IS NULL OR state IN ('pending', 'edit_due'))
) STRICT;

-- claim_deliveries, next_delivery_at, remove, abandon_channel: a channel's oldest unsent.
CREATE INDEX deliveries_unsent ON deliveries (channel_id, id, feed_id) WHERE state = 'pending';

-- search, latest: the stories that were posted to a channel.
CREATE INDEX deliveries_posted ON deliveries (channel_id, story_id, state)
  WHERE state IN ('sent', 'edit_due');

-- The full-text index; rowid = entries.id. It holds terms made by Herald's tokeniser, separated by
-- spaces, and "ascii" takes every character beyond ASCII as part of a term: what Python split stays split
-- the same way whatever Unicode version SQLite was built with. The first two columns hold each word's most
-- exact term, in order, so that phrases can be matched; the other two the rest of its terms.
CREATE VIRTUAL TABLE entry_index USING fts5 (
  title, body, title_loose, body_loose,
  tokenize = "ascii tokenchars '_'"
);

-- In how many entries a term occurs.
CREATE VIRTUAL TABLE entry_terms USING fts5vocab ('entry_index', 'row');

-- Part of every nonce: see deliveries.py.
INSERT INTO meta (key, value) VALUES ('installation_id', lower(hex(randomblob(16))));

COMMIT;
