-- How channels want their posts made, whom feeds call, and what is done with a post once it is there.
BEGIN IMMEDIATE;

PRAGMA user_version = 12;

ALTER TABLE channels ADD COLUMN is_published INTEGER NOT NULL DEFAULT 0 CHECK (is_published IN (0, 1));
ALTER TABLE channels ADD COLUMN is_silent INTEGER NOT NULL DEFAULT 0 CHECK (is_silent IN (0, 1));
ALTER TABLE channels ADD COLUMN is_by_source INTEGER NOT NULL DEFAULT 0 CHECK (is_by_source IN (0, 1));
ALTER TABLE channels ADD COLUMN has_threads INTEGER NOT NULL DEFAULT 0 CHECK (has_threads IN (0, 1));
ALTER TABLE channels ADD COLUMN length TEXT NOT NULL DEFAULT 'normal' CHECK (length IN ('short', 'normal', 'long'));
-- Of a forum: an object from categories of entries to names of tags; "*": what gets none otherwise.
ALTER TABLE channels ADD COLUMN tags TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(tags));

-- Names of a forum's tags for all that the feed brings.
ALTER TABLE subscriptions ADD COLUMN tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags));
-- The role that its posts call: those that the filter lets through, once in so many seconds.
ALTER TABLE subscriptions ADD COLUMN ping_role_id INTEGER;
ALTER TABLE subscriptions ADD COLUMN ping_filter TEXT NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN ping_rest_s INTEGER NOT NULL DEFAULT 0 CHECK (ping_rest_s >= 0);

-- The role that a post calls, 0 for none; NULL: not decided.
ALTER TABLE deliveries ADD COLUMN ping_role_id INTEGER;

-- decide_ping: when a channel's posts called a role last.
CREATE INDEX deliveries_with_ping ON deliveries (channel_id, ping_role_id, sent_at) WHERE ping_role_id > 0;

-- Each length that channels want is a summary of its own.
CREATE TABLE new_summaries (
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  length TEXT NOT NULL DEFAULT 'normal' CHECK (length IN ('short', 'normal', 'long')),
  text TEXT NOT NULL,
  method TEXT NOT NULL,
  PRIMARY KEY (entry_id, length)
) STRICT;

INSERT INTO new_summaries (entry_id, text, method) SELECT entry_id, text, method FROM summaries;

DROP TABLE summaries;
ALTER TABLE new_summaries RENAME TO summaries;

-- What is done with a post once it is there: publish it to those who follow its channel, open its thread.
CREATE TABLE errands (
  delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('publish', 'thread')),
  channel_id INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'dropped')),
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  done_at INTEGER,
  last_error TEXT,
  PRIMARY KEY (delivery_id, kind),
  CHECK ((state = 'done') = (done_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- claim_errands: what waits.
CREATE INDEX errands_waiting ON errands (kind, channel_id, due_at) WHERE state = 'pending';

-- claim_errands: how many of a channel's posts were published in the last hour.
CREATE INDEX errands_done ON errands (kind, channel_id, done_at) WHERE state = 'done';

COMMIT;
