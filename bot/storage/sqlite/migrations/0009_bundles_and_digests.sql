-- Posts bundled in one message, digests, and what waits for one.
-- The additions stand before the rebuilding of deliveries: they fail where this was done already.
BEGIN IMMEDIATE;

PRAGMA user_version = 9;

ALTER TABLE channels ADD COLUMN is_bundled INTEGER NOT NULL DEFAULT 1 CHECK (is_bundled IN (0, 1));
-- A time of day; NULL: 08:00, where a digest is wanted.
ALTER TABLE channels ADD COLUMN digest_at_min INTEGER CHECK (digest_at_min BETWEEN 0 AND 1439);
-- Days of the week, 0: Monday.
ALTER TABLE channels ADD COLUMN digest_days TEXT NOT NULL DEFAULT '[0, 1, 2, 3, 4, 5, 6]' CHECK (json_valid(digest_days));
ALTER TABLE channels ADD COLUMN digest_top INTEGER NOT NULL DEFAULT 10 CHECK (digest_top BETWEEN 1 AND 10);

CREATE TABLE new_deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,  -- whose subscription made it
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'sending', 'held', 'sent', 'edit_due', 'abandoned', 'waiting')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  message_id INTEGER,
  sent_at INTEGER,
  last_error TEXT,
  kind TEXT NOT NULL DEFAULT 'story' CHECK (kind IN ('story', 'roundup', 'digest')),
  roundup_id INTEGER REFERENCES new_deliveries (id) ON DELETE CASCADE,
  bundle_id INTEGER REFERENCES new_deliveries (id) ON DELETE SET NULL,
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

INSERT INTO new_deliveries (id, story_id, entry_id, feed_id, guild_id, channel_id, state, attempts, created_at, due_at,
                            lease_until, message_id, sent_at, last_error, kind, roundup_id, edits,
                            source_edits, is_outdated, lacks_sources, tried_at)
SELECT id, story_id, entry_id, feed_id, guild_id, channel_id, state, attempts, created_at, due_at, lease_until,
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

-- Foreign key; claim_deliveries, mark_sent: the posts that go into one message.
CREATE INDEX deliveries_by_bundle ON deliveries (bundle_id) WHERE bundle_id IS NOT NULL;

-- waiting_lines, make_digest: what waits for a channel's digest.
CREATE INDEX deliveries_waiting ON deliveries (channel_id, created_at) WHERE state = 'waiting';

-- claim_deliveries: digests, which go before what else a channel is owed.
CREATE INDEX deliveries_digests ON deliveries (channel_id, id)
  WHERE kind = 'digest' AND state IN ('pending', 'sending', 'held');

COMMIT;
