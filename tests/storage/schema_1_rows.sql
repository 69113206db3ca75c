-- Rows as Herald 0.1 left them: feed 3 was the last to be added and is deleted, feed 2 fails.
INSERT INTO feeds (id, url, canonical_url, title, site_url, language, ttl_s, etag, last_modified, body_hash,
                   state, failures, last_error, is_kept, created_at, polled_at, succeeded_at, next_poll_at,
                   next_poll_reason)
VALUES
  (1, 'https://courier.example.org/feed.xml', 'courier.example.org/feed.xml', 'The Harbour Courier',
   'https://courier.example.org/', 'en', 3600, '"a"', 'Sat, 14 Mar 2026 09:00:00 GMT', 'h1', 'ok', 0, NULL, 1,
   1770000000000, 1773480600000, 1773480600000, 1773481500000, 'every 15 minutes'),
  (2, 'https://gazette.example.org/rss', 'gazette.example.org/rss', 'The Mill Gazette', NULL, NULL, NULL, NULL,
   NULL, NULL, 'failing', 3, 'gazette.example.org answers 500.', 0, 1770000000000, 1773480600000,
   1773400000000, 1773490000000, 'after 3 failures'),
  (3, 'https://gone.example.org/rss', 'gone.example.org/rss', 'Gone', NULL, NULL, NULL, NULL, NULL, NULL, 'gone', 9,
   NULL, 0, 1770000000000, NULL, NULL, 1773490000000, '');
DELETE FROM feeds WHERE id = 3;
INSERT INTO checks (feed_id, checked_at, status, took_ms, size, new_entries)
VALUES (1, 1773480600000, 200, 80, 4096, 2);
INSERT INTO subscriptions (id, feed_id, guild_id, channel_id, name, added_at)
VALUES (1, 1, 10, 20, 'Courier', 1770000000000), (2, 2, 10, 20, 'Gazette', 1770000000000);
INSERT INTO stories (id, created_at) VALUES (1, 1773480600000), (2, 1773480600000);
INSERT INTO entries (id, feed_id, story_id, first_seen_at, published_at, dated_at, guid, url, title, teaser, text)
VALUES
  (1, 1, 1, 1773480600000, 1773470000000, 1773470000000, 'a', 'https://courier.example.org/a', 'Ferry late',
   'It waits.', 'The ferry waits for the tide.'),
  (2, 1, 2, 1773480600000, NULL, 1773480600000, 'b', 'https://courier.example.org/b', 'Wall mended', '', '');
INSERT INTO entry_aliases (feed_id, alias, entry_id, last_seen_at)
VALUES (1, 'g1', 1, 1773480600000), (1, 'g2', 2, 1773480600000);
INSERT INTO summaries (story_id, text, method) VALUES (1, 'The ferry waits.', 'extractive');
INSERT INTO deliveries (id, story_id, feed_id, guild_id, channel_id, state, attempts, created_at, due_at, message_id,
                        sent_at)
VALUES
  (1, 1, 1, 10, 20, 'sent', 1, 1773480600000, 1773480600000, 555, 1773480601000),
  (2, 2, 1, 10, 20, 'pending', 0, 1773480600000, 1773480600000, NULL, NULL);
