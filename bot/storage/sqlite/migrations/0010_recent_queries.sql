-- What members searched for lately.
BEGIN IMMEDIATE;

PRAGMA user_version = 10;

-- What a member searched for lately, offered to that member alone.
CREATE TABLE recent_queries (
  user_id INTEGER NOT NULL,
  guild_id INTEGER NOT NULL,
  text TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, guild_id, text)
) STRICT, WITHOUT ROWID;

-- tidy: what is too old.
CREATE INDEX recent_queries_by_time ON recent_queries (asked_at);

COMMIT;
