-- The full-text index keeps no copy of its terms: half as large. It is filled at the next start.
BEGIN IMMEDIATE;

PRAGMA user_version = 3;

DROP TABLE entry_terms;
DROP TABLE entry_index;

CREATE VIRTUAL TABLE entry_index USING fts5 (
  title, body, title_loose, body_loose,
  tokenize = "ascii tokenchars '_'",
  content = ''
);

CREATE VIRTUAL TABLE entry_terms USING fts5vocab ('entry_index', 'row');

DELETE FROM meta WHERE key = 'tokeniser_version';

COMMIT;
