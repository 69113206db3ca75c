-- A summary says what one entry does: a channel may be told of a story by another entry than its first.
BEGIN IMMEDIATE;

PRAGMA user_version = 6;

CREATE TABLE new_summaries (
  entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  method TEXT NOT NULL
) STRICT;

-- It was made of the first.
INSERT INTO new_summaries (entry_id, text, method)
SELECT MIN(e.id), s.text, s.method
  FROM summaries AS s
  JOIN entries AS e ON e.story_id = s.story_id
 GROUP BY s.story_id;

DROP TABLE summaries;
ALTER TABLE new_summaries RENAME TO summaries;

COMMIT;
