-- The feed engine: leases, rhythm, redirects, four states; edits and floods; the log channel.
-- The additions stand before the rebuilding of feeds: they fail where this was done already.
BEGIN IMMEDIATE;

PRAGMA user_version = 2;

ALTER TABLE deliveries ADD COLUMN kind TEXT NOT NULL DEFAULT 'story' CHECK (kind IN ('story', 'roundup'));
-- Told in the message of that delivery, a roundup, and not in one of its own.
ALTER TABLE deliveries ADD COLUMN roundup_id INTEGER REFERENCES deliveries (id) ON DELETE CASCADE;
ALTER TABLE deliveries ADD COLUMN edits INTEGER NOT NULL DEFAULT 0 CHECK (edits >= 0);
-- Its entry changed after its message was, or may have been, composed.
ALTER TABLE deliveries ADD COLUMN is_outdated INTEGER NOT NULL DEFAULT 0 CHECK (is_outdated IN (0, 1));
ALTER TABLE deliveries ADD COLUMN tried_at INTEGER;  -- when it was claimed first

-- claim_deliveries, next_delivery_at, remove, abandon_channel: a channel's oldest unsent.
DROP INDEX deliveries_unsent;
CREATE INDEX deliveries_unsent ON deliveries (channel_id, id, feed_id, roundup_id) WHERE state = 'pending';

-- claim_deliveries, next_delivery_at, abandon_channel: a channel's oldest post to edit.
CREATE INDEX deliveries_to_edit ON deliveries (channel_id, id) WHERE state = 'edit_due';

-- Foreign key; claim_deliveries, mark_sent: what a roundup tells.
CREATE INDEX deliveries_by_roundup ON deliveries (roundup_id) WHERE roundup_id IS NOT NULL;

-- known: how many entries the polls brought that brought any.
CREATE INDEX checks_with_news ON checks (feed_id, checked_at, new_entries) WHERE new_entries > 0;

-- What a server of Discord's chose.
CREATE TABLE guilds (
  guild_id INTEGER NOT NULL PRIMARY KEY,
  log_channel_id INTEGER
) STRICT;

-- The outbox of messages to admins. What a bulletin tells never changes once it is made, so that every
-- attempt sends the same.
CREATE TABLE bulletins (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'abandoned')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  message_id INTEGER,
  last_error TEXT,
  CHECK ((state = 'sent') = (message_id IS NOT NULL))
) STRICT;

-- claim_bulletins: what waits.
CREATE INDEX bulletins_unsent ON bulletins (due_at) WHERE state = 'pending';

-- What admins are owed to be told of a feed.
CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('failing', 'paused', 'gone', 'recovered', 'moved', 'stale')),
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  bulletin_id INTEGER REFERENCES bulletins (id) ON DELETE CASCADE  -- NULL: in no message yet
) STRICT;

-- Foreign key; queue: what a guild was told of a feed last.
CREATE INDEX notices_by_feed ON notices (feed_id, guild_id, id);

-- claim_bulletins: the notices that are in no message yet.
CREATE INDEX notices_untold ON notices (guild_id, id) WHERE bulletin_id IS NULL;

-- Foreign key; claim_bulletins: what a bulletin tells.
CREATE INDEX notices_by_bulletin ON notices (bulletin_id) WHERE bulletin_id IS NOT NULL;

-- What was done about feeds in trouble or on the move.
CREATE TABLE repairs (
  feed_id INTEGER NOT NULL PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
  looked_at INTEGER,  -- when its site was last asked for other feeds
  url TEXT,  -- of the feed that the site offers instead
  title TEXT,
  stale_told_at INTEGER,
  moved_from TEXT,  -- its address before the last one was adopted
  moved_at INTEGER,
  CHECK ((url IS NULL) = (title IS NULL)),
  CHECK ((moved_from IS NULL) = (moved_at IS NULL))
) STRICT;

-- What a server's admins moved from one feed to another, for as long as that can be undone.
CREATE TABLE switches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  old_feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  new_feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  moved TEXT NOT NULL CHECK (json_valid(moved)),  -- subscriptions that follow the new feed now
  dropped TEXT NOT NULL CHECK (json_valid(dropped)),  -- removed: their channels followed it already
  switched_at INTEGER NOT NULL
) STRICT;

-- tidy: what can no longer be undone.
CREATE INDEX switches_by_time ON switches (switched_at);

-- Foreign key: deleting a feed finds what was switched from it.
CREATE INDEX switches_by_old_feed ON switches (old_feed_id);
-- Foreign key: deleting a feed finds what was switched to it.
CREATE INDEX switches_by_new_feed ON switches (new_feed_id);

-- A CHECK cannot be altered, so the table is made anew (https://www.sqlite.org/lang_altertable.html,
-- section 7); migrate.py has foreign keys off meanwhile, so that what refers to a feed stays.
CREATE TABLE new_feeds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  url TEXT NOT NULL,
  canonical_url TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  site_url TEXT,
  icon_url TEXT,
  language TEXT,
  hub_url TEXT,  -- WebSub: noted, not used
  host_group TEXT,  -- what shares a 429 with it; NULL: nothing does
  -- What it asks for.
  ttl_s INTEGER CHECK (ttl_s >= 0),
  skip_hours TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(skip_hours)),
  skip_days TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(skip_days)),
  -- What the next request sends along.
  etag TEXT,
  last_modified TEXT,
  body_hash TEXT,
  -- Its rhythm.
  usual_gap_s INTEGER CHECK (usual_gap_s >= 0),
  newest_at INTEGER,
  -- Its health.
  state TEXT NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'failing', 'paused', 'gone')),
  failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
  last_error TEXT,
  failing_since INTEGER,
  failing_told_at INTEGER,
  gone_since INTEGER,  -- the first of the 410s
  -- Where it redirects to for good, since when, and how many polls in a row said so.
  moved_to TEXT,
  moved_since INTEGER,
  moved_times INTEGER NOT NULL DEFAULT 0 CHECK (moved_times >= 0),
  is_kept INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1)),
  created_at INTEGER NOT NULL,
  polled_at INTEGER,
  succeeded_at INTEGER,
  next_poll_at INTEGER NOT NULL,
  next_poll_reason TEXT NOT NULL DEFAULT '',
  not_before INTEGER,  -- a server's word (Retry-After): nobody polls sooner, not by hand either
  lease_until INTEGER,
  lease_by TEXT,
  CHECK ((lease_until IS NULL) = (lease_by IS NULL)),
  CHECK ((moved_to IS NULL) = (moved_since IS NULL))
) STRICT;

INSERT INTO new_feeds (id, url, canonical_url, title, site_url, icon_url, language, ttl_s, etag,
                       last_modified, body_hash, state, failures, last_error, failing_since,
                       is_kept, created_at, polled_at, succeeded_at, next_poll_at, next_poll_reason)
SELECT id, url, canonical_url, title, site_url, icon_url, language, ttl_s, etag, last_modified,
       body_hash, state, failures, last_error,
       CASE WHEN failures > 0 THEN COALESCE(succeeded_at, created_at) END,
       is_kept, created_at, polled_at, succeeded_at, next_poll_at, next_poll_reason
  FROM feeds;

-- The highest id ever given, not only the highest that is left.
DELETE FROM sqlite_sequence WHERE name = 'new_feeds';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_feeds', seq FROM sqlite_sequence WHERE name = 'feeds';

DROP TABLE feeds;
ALTER TABLE new_feeds RENAME TO feeds;

-- claim_feeds, next_due_at: the most overdue first.
CREATE INDEX feeds_by_next_poll ON feeds (next_poll_at) WHERE state <> 'gone';

-- record: the feeds that share a hold.
CREATE INDEX feeds_by_host_group ON feeds (host_group) WHERE host_group IS NOT NULL;

COMMIT;
