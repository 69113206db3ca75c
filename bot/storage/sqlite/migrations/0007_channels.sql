-- What channels chose.
BEGIN IMMEDIATE;

PRAGMA user_version = 7;

-- What a channel chose. Times of day: minutes after midnight in its time zone, an IANA name; NULL: UTC.
CREATE TABLE channels (
  channel_id INTEGER NOT NULL PRIMARY KEY,
  guild_id INTEGER NOT NULL,
  time_zone TEXT,
  quiet_from_min INTEGER CHECK (quiet_from_min BETWEEN 0 AND 1439),
  quiet_until_min INTEGER CHECK (quiet_until_min BETWEEN 0 AND 1439),
  hourly_max INTEGER CHECK (hourly_max > 0),
  -- How many messages it got in the last hour that it got one in; hour_at: when that hour began.
  hour_at INTEGER NOT NULL DEFAULT 0,
  hour_sent INTEGER NOT NULL DEFAULT 0,
  CHECK ((quiet_from_min IS NULL) = (quiet_until_min IS NULL)),
  CHECK (quiet_from_min <> quiet_until_min)
) STRICT;

-- What an admin changed of a channel, for as long as that can be undone.
CREATE TABLE channel_edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_id INTEGER NOT NULL REFERENCES channels (channel_id) ON DELETE CASCADE,
  before TEXT NOT NULL CHECK (json_valid(before)),
  after TEXT NOT NULL CHECK (json_valid(after)),
  edited_at INTEGER NOT NULL
) STRICT;

-- tidy: what can no longer be undone.
CREATE INDEX channel_edits_by_time ON channel_edits (edited_at);

-- Foreign key: deleting a channel finds what was changed of it.
CREATE INDEX channel_edits_by_channel ON channel_edits (channel_id);

COMMIT;
