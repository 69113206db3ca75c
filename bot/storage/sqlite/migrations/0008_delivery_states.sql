-- What is sending, or held, says so; what channels are held for; servers that Herald left; counts.
-- The additions stand before the rebuilding of deliveries: they fail where this was done already.
BEGIN IMMEDIATE;

PRAGMA user_version = 8;

ALTER TABLE guilds ADD COLUMN left_at INTEGER;  -- since when Herald is not in that server any more

CREATE TABLE holds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('forbidden', 'unsure', 'gone')),
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  ended_at INTEGER,
  moved_to INTEGER,  -- 'gone': the channel that took its place
  told_at INTEGER,
  bulletin_id INTEGER REFERENCES bulletins (id) ON DELETE SET NULL,
  CHECK (moved_to IS NULL OR ended_at IS NOT NULL)
) STRICT;

-- hold, mark_sent, claim_deliveries: what a channel is held for now; one thing at a time.
CREATE UNIQUE INDEX holds_open ON holds (channel_id) WHERE ended_at IS NULL;

-- claim_bulletins: what no log channel was told of.
CREATE INDEX holds_untold ON holds (guild_id, id) WHERE told_at IS NULL AND ended_at IS NULL;

-- Foreign key; claim_bulletins: what a bulletin tells.
CREATE INDEX holds_by_bulletin ON holds (bulletin_id) WHERE bulletin_id IS NOT NULL;

-- How many posts were ever owed, sent, … since this database was made.
CREATE TABLE counts (
  what TEXT NOT NULL PRIMARY KEY
    CHECK (what IN ('owed', 'sent', 'edited', 'held', 'abandoned', 'found')),
  count INTEGER NOT NULL CHECK (count >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO counts (what, count)
SELECT 'owed', COUNT(*) FROM deliveries WHERE roundup_id IS NULL
UNION ALL
SELECT 'sent', COUNT(*) FROM deliveries WHERE roundup_id IS NULL AND state IN ('sent', 'edit_due')
UNION ALL
SELECT 'edited', COALESCE(SUM(MAX(edits, source_edits)), 0) FROM deliveries WHERE roundup_id IS NULL
UNION ALL
SELECT 'abandoned', COUNT(*) FROM deliveries WHERE roundup_id IS NULL AND state = 'abandoned'
UNION ALL
SELECT 'held', 0
UNION ALL
SELECT 'found', 0;

CREATE TABLE new_deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,  -- whose subscription made it
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'sending', 'held', 'sent', 'edit_due', 'abandoned')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  message_id INTEGER,
  sent_at INTEGER,
  last_error TEXT,
  kind TEXT NOT NULL DEFAULT 'story' CHECK (kind IN ('story', 'roundup')),
  roundup_id INTEGER REFERENCES new_deliveries (id) ON DELETE CASCADE,
  edits INTEGER NOT NULL DEFAULT 0 CHECK (edits >= 0),
  source_edits INTEGER NOT NULL DEFAULT 0 CHECK (source_edits >= 0),
  is_outdated INTEGER NOT NULL DEFAULT 0 CHECK (is_outdated IN (0, 1, 2)),
  lacks_sources INTEGER NOT NULL DEFAULT 0 CHECK (lacks_sources IN (0, 1, 2)),
  tried_at INTEGER,
  UNIQUE (entry_id, channel_id),
  CHECK ((state IN ('sent', 'edit_due')) = (message_id IS NOT NULL)),
  CHECK (lease_until IS NULL OR state IN ('sending', 'edit_due')),
  CHECK (state <> 'sending' OR tried_at IS NOT NULL),
  CHECK (state <> 'pending' OR tried_at IS NULL)
) STRICT;

INSERT INTO new_deliveries (id, story_id, entry_id, feed_id, guild_id, channel_id, state, attempts, created_at,
                            due_at, lease_until, message_id, sent_at, last_error, kind, roundup_id, edits,
                            source_edits, is_outdated, lacks_sources, tried_at)
SELECT id, story_id, entry_id, feed_id, guild_id, channel_id,
       CASE WHEN state = 'pending' AND tried_at IS NOT NULL THEN 'sending' ELSE state END,
       attempts, created_at, due_at, CASE WHEN state = 'pending' AND tried_at IS NULL THEN NULL ELSE lease_until END,
       message_id, sent_at, last_error, kind, roundup_id, edits, source_edits, is_outdated, lacks_sources,
       tried_at
  FROM deliveries;

-- An id is never given twice, whichever were given already.
DELETE FROM sqlite_sequence WHERE name = 'new_deliveries';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_deliveries', seq FROM sqlite_sequence WHERE name = 'deliveries';

DROP TABLE deliveries;
ALTER TABLE new_deliveries RENAME TO deliveries;

-- claim_deliveries, next_delivery_at, remove, hold_channel: a channel's oldest unsent.
CREATE INDEX deliveries_unsent ON deliveries (channel_id, id, feed_id, roundup_id)
  WHERE state IN ('pending', 'sending', 'held');

-- claim_deliveries, next_delivery_at, hold_channel: a channel's oldest post to edit.
CREATE INDEX deliveries_to_edit ON deliveries (channel_id, id) WHERE state = 'edit_due';

-- Foreign key; claim_deliveries, mark_sent: what a post tells beside its own entry.
CREATE INDEX deliveries_by_roundup ON deliveries (roundup_id) WHERE roundup_id IS NOT NULL;

-- search, latest: the entries that were posted to a channel, or are named in a post.
CREATE INDEX deliveries_posted ON deliveries (channel_id, entry_id, state)
  WHERE state IN ('sent', 'edit_due');

-- Foreign key; record: the post of a story in a channel.
CREATE INDEX deliveries_by_story ON deliveries (story_id, channel_id);

COMMIT;
