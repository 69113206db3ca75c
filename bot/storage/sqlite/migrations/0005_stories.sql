-- Stories of several entries: modes, what links were told, what admins decided; a delivery names its entry.
-- The additions stand before the rebuilding of deliveries: they fail where this was done already.
BEGIN IMMEDIATE;

PRAGMA user_version = 5;

ALTER TABLE subscriptions ADD COLUMN mode TEXT NOT NULL DEFAULT 'story' CHECK (mode IN ('each', 'story', 'digest'));
-- In mode 'each': what links where something in the channel has linked lately is not posted.
ALTER TABLE subscriptions ADD COLUMN suppress_same_link INTEGER NOT NULL DEFAULT 1 CHECK (suppress_same_link IN (0, 1));

-- Which entries link to the same, of those that were put into stories. link_key: a hash of the canonical link.
CREATE TABLE entry_links (
  link_key INTEGER NOT NULL,
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  PRIMARY KEY (link_key, entry_id)
) STRICT, WITHOUT ROWID;

-- Foreign key: deleting an entry finds its link.
CREATE INDEX entry_links_by_entry ON entry_links (entry_id);

-- Entries that an admin has put where they are: no grouping moves them.
CREATE TABLE story_rulings (
  entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
  ruled_by INTEGER,
  ruled_at INTEGER NOT NULL
) STRICT;

CREATE TABLE new_deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
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
  kind TEXT NOT NULL DEFAULT 'story' CHECK (kind IN ('story', 'roundup')),
  roundup_id INTEGER REFERENCES new_deliveries (id) ON DELETE CASCADE,
  edits INTEGER NOT NULL DEFAULT 0 CHECK (edits >= 0),
  source_edits INTEGER NOT NULL DEFAULT 0 CHECK (source_edits >= 0),
  is_outdated INTEGER NOT NULL DEFAULT 0 CHECK (is_outdated IN (0, 1, 2)),
  lacks_sources INTEGER NOT NULL DEFAULT 0 CHECK (lacks_sources IN (0, 1, 2)),
  tried_at INTEGER,
  UNIQUE (entry_id, channel_id),
  CHECK ((state IN ('sent', 'edit_due')) = (message_id IS NOT NULL)),
  CHECK (lease_until IS NULL OR state IN ('pending', 'edit_due'))
) STRICT;

-- A story was always one entry; what had none could not be sent.
INSERT INTO new_deliveries (id, story_id, entry_id, feed_id, guild_id, channel_id, state, attempts, created_at,
                            due_at, lease_until, message_id, sent_at, last_error, kind, roundup_id, edits,
                            is_outdated, tried_at)
SELECT d.id, d.story_id, e.id, d.feed_id, d.guild_id, d.channel_id, d.state, d.attempts, d.created_at,
       d.due_at, d.lease_until, d.message_id, d.sent_at, d.last_error, d.kind, d.roundup_id, d.edits,
       d.is_outdated, d.tried_at
  FROM deliveries AS d
  JOIN entries AS e ON e.id = (SELECT MIN(id) FROM entries WHERE story_id = d.story_id);

-- An id is never given twice, whichever were given already.
DELETE FROM sqlite_sequence WHERE name = 'new_deliveries';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_deliveries', seq FROM sqlite_sequence WHERE name = 'deliveries';

DROP TABLE deliveries;
ALTER TABLE new_deliveries RENAME TO deliveries;

-- claim_deliveries, next_delivery_at, remove, abandon_channel: a channel's oldest unsent.
CREATE INDEX deliveries_unsent ON deliveries (channel_id, id, feed_id, roundup_id) WHERE state = 'pending';

-- claim_deliveries, next_delivery_at, abandon_channel: a channel's oldest post to edit.
CREATE INDEX deliveries_to_edit ON deliveries (channel_id, id) WHERE state = 'edit_due';

-- Foreign key; claim_deliveries, mark_sent: what a post tells beside its own entry.
CREATE INDEX deliveries_by_roundup ON deliveries (roundup_id) WHERE roundup_id IS NOT NULL;

-- search, latest: the entries that were posted to a channel, or are named in a post.
CREATE INDEX deliveries_posted ON deliveries (channel_id, entry_id, state)
  WHERE state IN ('sent', 'edit_due');

-- Foreign key; record: the post of a story in a channel.
CREATE INDEX deliveries_by_story ON deliveries (story_id, channel_id);

COMMIT;
