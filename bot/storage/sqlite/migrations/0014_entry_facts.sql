-- What a search filters and sorts its matches by, by id: else it reads a page of the long rows for each.
BEGIN IMMEDIATE;

PRAGMA user_version = 14;

CREATE INDEX entries_by_id ON entries (id, feed_id, story_id, dated_at);

COMMIT;
