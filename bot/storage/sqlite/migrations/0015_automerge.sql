-- Pieces of the full-text index are merged eight at a time as they come, not four: see schema.sql.
BEGIN IMMEDIATE;

PRAGMA user_version = 15;

INSERT INTO entry_index (entry_index, rank) VALUES ('automerge', 8);

COMMIT;
