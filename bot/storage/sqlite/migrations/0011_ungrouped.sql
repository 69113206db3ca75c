-- Stories are decided after a poll is recorded, not while.
BEGIN IMMEDIATE;

PRAGMA user_version = 11;

-- Entries that are owed to channels as posts, and not put into a story yet: until then none of those is sent.
CREATE TABLE ungrouped (
  entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE
) STRICT;

COMMIT;
