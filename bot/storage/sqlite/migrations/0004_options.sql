-- What people choose of a subscription, pauses that end, edits that can be undone, and the notice of a
-- feed found in place of a dead one.
BEGIN IMMEDIATE;

PRAGMA user_version = 4;

ALTER TABLE subscriptions ADD COLUMN every_s INTEGER CHECK (every_s BETWEEN 300 AND 86400);
ALTER TABLE subscriptions ADD COLUMN posts_old INTEGER NOT NULL DEFAULT 0 CHECK (posts_old IN (0, 1));
ALTER TABLE subscriptions ADD COLUMN paused_until INTEGER CHECK (paused_until IS NULL OR paused_at IS NOT NULL);
ALTER TABLE subscriptions ADD COLUMN catches_up INTEGER NOT NULL DEFAULT 0 CHECK (catches_up IN (0, 1));

-- resume_due: the pauses that end by themselves.
CREATE INDEX subscriptions_to_resume ON subscriptions (paused_until) WHERE paused_until IS NOT NULL;

ALTER TABLE feeds ADD COLUMN fresh_until INTEGER;
ALTER TABLE feeds ADD COLUMN restless_polls INTEGER NOT NULL DEFAULT 0 CHECK (restless_polls >= 0);

-- What an admin changed of a subscription, for as long as that can be undone.
CREATE TABLE edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscription_id INTEGER NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
  before TEXT NOT NULL CHECK (json_valid(before)),
  after TEXT NOT NULL CHECK (json_valid(after)),
  edited_at INTEGER NOT NULL
) STRICT;

-- tidy: what can no longer be undone.
CREATE INDEX edits_by_time ON edits (edited_at);

-- Foreign key: deleting a subscription finds what was changed of it.
CREATE INDEX edits_by_subscription ON edits (subscription_id);

-- A CHECK cannot be altered, so the table is made anew (https://www.sqlite.org/lang_altertable.html,
-- section 7). Nothing refers to it.
CREATE TABLE new_notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  kind TEXT NOT NULL
    CHECK (kind IN ('failing', 'paused', 'gone', 'recovered', 'moved', 'stale', 'remedy')),
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  bulletin_id INTEGER REFERENCES bulletins (id) ON DELETE CASCADE  -- NULL: in no message yet
) STRICT;

INSERT INTO new_notices (id, guild_id, feed_id, kind, text, created_at, bulletin_id)
SELECT id, guild_id, feed_id, kind, text, created_at, bulletin_id FROM notices;

-- The highest id ever given, not only the highest that is left.
DELETE FROM sqlite_sequence WHERE name = 'new_notices';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_notices', seq FROM sqlite_sequence WHERE name = 'notices';

DROP TABLE notices;
ALTER TABLE new_notices RENAME TO notices;

-- Foreign key; queue: what a guild was told of a feed last.
CREATE INDEX notices_by_feed ON notices (feed_id, guild_id, id);

-- claim_bulletins: the notices that are in no message yet.
CREATE INDEX notices_untold ON notices (guild_id, id) WHERE bulletin_id IS NULL;

-- Foreign key; claim_bulletins: what a bulletin tells.
CREATE INDEX notices_by_bulletin ON notices (bulletin_id) WHERE bulletin_id IS NOT NULL;

COMMIT;
