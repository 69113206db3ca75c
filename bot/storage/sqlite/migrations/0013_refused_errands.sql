-- What Herald may not do with posts that are there is told like what holds a channel.
BEGIN IMMEDIATE;

PRAGMA user_version = 13;

CREATE TABLE new_holds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('forbidden', 'unsure', 'gone', 'unpublished', 'threadless')),
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  ended_at INTEGER,
  moved_to INTEGER,  -- 'gone': the channel that took its place
  told_at INTEGER,
  bulletin_id INTEGER REFERENCES bulletins (id) ON DELETE SET NULL,
  CHECK (moved_to IS NULL OR ended_at IS NOT NULL)
) STRICT;

INSERT INTO new_holds (id, guild_id, channel_id, kind, reason, since, ended_at, moved_to, told_at, bulletin_id)
SELECT id, guild_id, channel_id, kind, reason, since, ended_at, moved_to, told_at, bulletin_id FROM holds;

DROP TABLE holds;
ALTER TABLE new_holds RENAME TO holds;

-- hold, mark_sent, claim_deliveries, refuse_errand: what a channel is held for now.
CREATE UNIQUE INDEX holds_open ON holds (channel_id, kind) WHERE ended_at IS NULL;

-- claim_bulletins: what no log channel was told of.
CREATE INDEX holds_untold ON holds (guild_id, id) WHERE told_at IS NULL AND ended_at IS NULL;

-- Foreign key; claim_bulletins: what a bulletin tells.
CREATE INDEX holds_by_bulletin ON holds (bulletin_id) WHERE bulletin_id IS NOT NULL;

COMMIT;
