-- The schema as the last migration leaves it, to read. A test compares the two; nothing runs this.

PRAGMA application_id = 1212502593;  -- "HERA", so that `file` and we can tell whose database it is
PRAGMA user_version = 15;

-- Facts about this database (installation_id, tokeniser_version) and what callers asked to remember.
CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT wherever an id leaves the database (buttons, nonces): an id is never given twice.
CREATE TABLE "feeds" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  url TEXT NOT NULL,
  canonical_url TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  site_url TEXT,
  icon_url TEXT,
  language TEXT,
  hub_url TEXT,  -- WebSub: noted, not used
  host_group TEXT,  -- what shares a 429 with it; NULL: nothing does
  -- What it asks for.
  ttl_s INTEGER CHECK (ttl_s >= 0),
  skip_hours TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(skip_hours)),
  skip_days TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(skip_days)),
  -- What the next request sends along.
  etag TEXT,
  last_modified TEXT,
  body_hash TEXT,
  -- Its rhythm.
  usual_gap_s INTEGER CHECK (usual_gap_s >= 0),
  newest_at INTEGER,
  -- Its health.
  state TEXT NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'failing', 'paused', 'gone')),
  failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
  last_error TEXT,
  failing_since INTEGER,
  failing_told_at INTEGER,
  gone_since INTEGER,  -- the first of the 410s
  -- Where it redirects to for good, since when, and how many polls in a row said so.
  moved_to TEXT,
  moved_since INTEGER,
  moved_times INTEGER NOT NULL DEFAULT 0 CHECK (moved_times >= 0),
  is_kept INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1)),
  created_at INTEGER NOT NULL,
  polled_at INTEGER,
  succeeded_at INTEGER,
  next_poll_at INTEGER NOT NULL,
  next_poll_reason TEXT NOT NULL DEFAULT '',
  not_before INTEGER,  -- a server's word (Retry-After): nobody polls sooner, not by hand either
  lease_until INTEGER,
  lease_by TEXT,
  fresh_until INTEGER,  -- a server's word too (max-age, Expires)
  restless_polls INTEGER NOT NULL DEFAULT 0 CHECK (restless_polls >= 0),  -- it changed with nothing new in it
  CHECK ((lease_until IS NULL) = (lease_by IS NULL)),
  CHECK ((moved_to IS NULL) = (moved_since IS NULL))
) STRICT;

-- claim_feeds, next_due_at: the most overdue first.
CREATE INDEX feeds_by_next_poll ON feeds (next_poll_at) WHERE state <> 'gone';

-- record: the feeds that share a hold.
CREATE INDEX feeds_by_host_group ON feeds (host_group) WHERE host_group IS NOT NULL;

CREATE TABLE checks (
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  checked_at INTEGER NOT NULL,
  status INTEGER,
  took_ms INTEGER NOT NULL,
  size INTEGER NOT NULL,
  new_entries INTEGER NOT NULL,
  error TEXT,
  PRIMARY KEY (feed_id, checked_at)
) STRICT, WITHOUT ROWID;

-- tidy: checks that are too old, whatever their feed.
CREATE INDEX checks_by_time ON checks (checked_at);

-- known: how many entries the polls brought that brought any.
CREATE INDEX checks_with_news ON checks (feed_id, checked_at, new_entries) WHERE new_entries > 0;

CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  added_by INTEGER,
  added_at INTEGER NOT NULL,
  paused_at INTEGER,
  removed_at INTEGER,  -- kept for a while after removal, so that it can be undone
  -- What an admin chose.
  every_s INTEGER CHECK (every_s BETWEEN 300 AND 86400),  -- how often to poll; NULL: in the feed's rhythm
  posts_old INTEGER NOT NULL DEFAULT 0 CHECK (posts_old IN (0, 1)),  -- also what is over a week old at first sight
  paused_until INTEGER CHECK (paused_until IS NULL OR paused_at IS NOT NULL),
  catches_up INTEGER NOT NULL DEFAULT 0 CHECK (catches_up IN (0, 1)),  -- after the pause
  mode TEXT NOT NULL DEFAULT 'story' CHECK (mode IN ('each', 'story', 'digest')),
  suppress_same_link INTEGER NOT NULL DEFAULT 1 CHECK (suppress_same_link IN (0, 1)),
  -- Names of a forum's tags for all that the feed brings.
  tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
  -- The role that its posts call: those that the filter lets through, once in so many seconds.
  ping_role_id INTEGER,
  ping_filter TEXT NOT NULL DEFAULT '',
  ping_rest_s INTEGER NOT NULL DEFAULT 0 CHECK (ping_rest_s >= 0),
  UNIQUE (channel_id, feed_id)
) STRICT;

-- known, feeds_due: who follows a feed.
CREATE INDEX subscriptions_by_feed ON subscriptions (feed_id, removed_at);

-- followings: what a guild follows.
CREATE INDEX subscriptions_by_guild ON subscriptions (guild_id, channel_id);

-- resume_due: the pauses that end by themselves.
CREATE INDEX subscriptions_to_resume ON subscriptions (paused_until) WHERE paused_until IS NOT NULL;

-- What an admin changed of a subscription, for as long as that can be undone.
CREATE TABLE edits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscription_id INTEGER NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
  before TEXT NOT NULL CHECK (json_valid(before)),
  after TEXT NOT NULL CHECK (json_valid(after)),
  edited_at INTEGER NOT NULL
) STRICT;

-- tidy: what can no longer be undone.
CREATE INDEX edits_by_time ON edits (edited_at);

-- Foreign key: deleting a subscription finds what was changed of it.
CREATE INDEX edits_by_subscription ON edits (subscription_id);

CREATE TABLE stories (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  created_at INTEGER NOT NULL
) STRICT;

-- What lists and filters read stands before the long texts: SQLite walks a row's pages in column order.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
  first_seen_at INTEGER NOT NULL,
  published_at INTEGER,
  updated_at INTEGER,
  -- No generated column: SQLite 3.40 calls no index that holds one covering, and reads every row.
  dated_at INTEGER NOT NULL CHECK (dated_at = COALESCE(published_at, first_seen_at)),
  text_method TEXT CHECK (text_method IN ('feed', 'page', 'teaser')),
  guid TEXT,
  url TEXT,
  title TEXT NOT NULL,
  author TEXT,
  image_url TEXT,
  tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
  article_note TEXT,  -- why there is only a teaser, where there is
  teaser TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;

-- entries, followings, feeds: the newest of a feed, and how many since yesterday.
CREATE INDEX entries_by_feed ON entries (feed_id, dated_at);

-- latest, search by date: the newest of all.
CREATE INDEX entries_by_date ON entries (dated_at, feed_id, story_id);

-- claim_deliveries: the entry that leads a story. search, latest: which entries a member may see; with
-- all that they are filtered and sorted by, so that the long rows are not read.
CREATE INDEX entries_by_story ON entries (story_id, feed_id, dated_at);

-- search: the same of matches, by id, in 30 bytes an entry instead of a page of long rows.
CREATE INDEX entries_by_id ON entries (id, feed_id, story_id, dated_at);

CREATE TABLE entry_aliases (
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  alias TEXT NOT NULL,
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (feed_id, alias)
) STRICT, WITHOUT ROWID;

-- Foreign key: deleting an entry finds its aliases.
CREATE INDEX entry_aliases_by_entry ON entry_aliases (entry_id);

CREATE TABLE "summaries" (
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  length TEXT NOT NULL DEFAULT 'normal' CHECK (length IN ('short', 'normal', 'long')),
  text TEXT NOT NULL,
  method TEXT NOT NULL,
  PRIMARY KEY (entry_id, length)
) STRICT;

-- Which entries link to the same, of those that were put into stories. link_key: a hash of the canonical link.
CREATE TABLE entry_links (
  link_key INTEGER NOT NULL,
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  PRIMARY KEY (link_key, entry_id)
) STRICT, WITHOUT ROWID;

-- Foreign key: deleting an entry finds its link.
CREATE INDEX entry_links_by_entry ON entry_links (entry_id);

-- Entries that an admin has put where they are: no grouping moves them.
CREATE TABLE story_rulings (
  entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
  ruled_by INTEGER,
  ruled_at INTEGER NOT NULL
) STRICT;

-- Entries that are owed to channels as posts, and not put into a story yet: until then none of those is sent.
CREATE TABLE ungrouped (
  entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE
) STRICT;

-- The outbox. A channel's deliveries are sent in the order of their ids. kind 'roundup': it tells its own entry
-- and those of the rows whose roundup_id it is, in one message; kind 'story': those rows are the other sources
-- that its message names. is_outdated: the entry changed after the message was, or may have been, composed;
-- lacks_sources: a source came after it; 2: until the edit that is on its way. edits, source_edits: made for the one and for the other. tried_at: since
-- when it may be in the channel although nobody has marked it. State 'pending': it is not there; 'sending': Discord is,
-- or was, asked, and has not said no; 'held': it waits for what somebody has to do, see last_error; edit_due follows
-- sent only; 'waiting': it waits for the channel's digest, and is nobody's turn. kind 'digest': like 'roundup', a line
-- for each story. bundle_id: the delivery in whose message it goes, as one post of several; that one's is its own id
-- once what the message holds is final.
CREATE TABLE "deliveries" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
  entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,  -- whose subscription made it
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'sending', 'held', 'sent', 'edit_due', 'abandoned', 'waiting')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  message_id INTEGER,
  sent_at INTEGER,
  last_error TEXT,
  kind TEXT NOT NULL DEFAULT 'story' CHECK (kind IN ('story', 'roundup', 'digest')),
  roundup_id INTEGER REFERENCES "deliveries" (id) ON DELETE CASCADE,
  bundle_id INTEGER REFERENCES "deliveries" (id) ON DELETE SET NULL,
  edits INTEGER NOT NULL DEFAULT 0 CHECK (edits >= 0),
  source_edits INTEGER NOT NULL DEFAULT 0 CHECK (source_edits >= 0),
  is_outdated INTEGER NOT NULL DEFAULT 0 CHECK (is_outdated IN (0, 1, 2)),
  lacks_sources INTEGER NOT NULL DEFAULT 0 CHECK (lacks_sources IN (0, 1, 2)),
  tried_at INTEGER,
  ping_role_id INTEGER,  -- the role that the post calls, 0 for none; NULL: not decided
  UNIQUE (entry_id, channel_id),
  CHECK ((state IN ('sent', 'edit_due')) = (message_id IS NOT NULL)),
  CHECK (lease_until IS NULL OR state IN ('sending', 'edit_due')),
  CHECK (state <> 'sending' OR tried_at IS NOT NULL),
  CHECK (state <> 'pending' OR tried_at IS NULL)
) STRICT;

-- claim_deliveries, next_delivery_at, remove, hold_channel: a channel's oldest unsent.
CREATE INDEX deliveries_unsent ON deliveries (channel_id, id, feed_id, roundup_id)
  WHERE state IN ('pending', 'sending', 'held');

-- claim_deliveries, next_delivery_at, hold_channel: a channel's oldest post to edit.
CREATE INDEX deliveries_to_edit ON deliveries (channel_id, id) WHERE state = 'edit_due';

-- Foreign key; claim_deliveries, mark_sent: what a post tells beside its own entry.
CREATE INDEX deliveries_by_roundup ON deliveries (roundup_id) WHERE roundup_id IS NOT NULL;

-- search, latest: the entries that were posted to a channel, or are named in a post.
CREATE INDEX deliveries_posted ON deliveries (channel_id, entry_id, state)
  WHERE state IN ('sent', 'edit_due');

-- Foreign key; record: the post of a story in a channel.
CREATE INDEX deliveries_by_story ON deliveries (story_id, channel_id);

-- Foreign key; claim_deliveries, mark_sent: the posts that go into one message.
CREATE INDEX deliveries_by_bundle ON deliveries (bundle_id) WHERE bundle_id IS NOT NULL;

-- waiting_lines, make_digest: what waits for a channel's digest.
CREATE INDEX deliveries_waiting ON deliveries (channel_id, created_at) WHERE state = 'waiting';

-- claim_deliveries: digests, which go before what else a channel is owed.
CREATE INDEX deliveries_digests ON deliveries (channel_id, id)
  WHERE kind = 'digest' AND state IN ('pending', 'sending', 'held');

-- decide_ping: when a channel's posts called a role last.
CREATE INDEX deliveries_with_ping ON deliveries (channel_id, ping_role_id, sent_at) WHERE ping_role_id > 0;

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

-- What a server of Discord's chose.
CREATE TABLE guilds (
  guild_id INTEGER NOT NULL PRIMARY KEY,
  log_channel_id INTEGER
, left_at INTEGER) STRICT;  -- since when Herald is not in that server any more

-- Channels that nothing is sent to for now, or whose posts are not published or given threads as they should, and
-- why; those that have ended are kept as long as bulletins.
CREATE TABLE "holds" (
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

-- hold, mark_sent, claim_deliveries, refuse_errand: what a channel is held for now.
CREATE UNIQUE INDEX holds_open ON holds (channel_id, kind) WHERE ended_at IS NULL;

-- claim_bulletins: what no log channel was told of.
CREATE INDEX holds_untold ON holds (guild_id, id) WHERE told_at IS NULL AND ended_at IS NULL;

-- Foreign key; claim_bulletins: what a bulletin tells.
CREATE INDEX holds_by_bulletin ON holds (bulletin_id) WHERE bulletin_id IS NOT NULL;

-- How many posts were ever owed, sent, … since this database was made.
CREATE TABLE counts (
  what TEXT NOT NULL PRIMARY KEY
    CHECK (what IN ('owed', 'sent', 'edited', 'held', 'abandoned', 'found')),
  count INTEGER NOT NULL CHECK (count >= 0)
) STRICT, WITHOUT ROWID;

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
  is_bundled INTEGER NOT NULL DEFAULT 1 CHECK (is_bundled IN (0, 1)),
  digest_at_min INTEGER CHECK (digest_at_min BETWEEN 0 AND 1439),  -- NULL: 08:00, where a digest is wanted
  digest_days TEXT NOT NULL DEFAULT '[0, 1, 2, 3, 4, 5, 6]' CHECK (json_valid(digest_days)),  -- 0: Monday
  digest_top INTEGER NOT NULL DEFAULT 10 CHECK (digest_top BETWEEN 1 AND 10),
  -- How its posts are made.
  is_published INTEGER NOT NULL DEFAULT 0 CHECK (is_published IN (0, 1)),
  is_silent INTEGER NOT NULL DEFAULT 0 CHECK (is_silent IN (0, 1)),
  is_by_source INTEGER NOT NULL DEFAULT 0 CHECK (is_by_source IN (0, 1)),
  has_threads INTEGER NOT NULL DEFAULT 0 CHECK (has_threads IN (0, 1)),
  length TEXT NOT NULL DEFAULT 'normal' CHECK (length IN ('short', 'normal', 'long')),
  -- Of a forum: an object from categories of entries to names of tags; "*": what gets none otherwise.
  tags TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(tags)),
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

-- The outbox of messages to admins. What a bulletin tells never changes once it is made, so that every
-- attempt sends the same.
CREATE TABLE bulletins (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'abandoned')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  lease_until INTEGER,
  message_id INTEGER,
  last_error TEXT,
  CHECK ((state = 'sent') = (message_id IS NOT NULL))
) STRICT;

-- claim_bulletins: what waits.
CREATE INDEX bulletins_unsent ON bulletins (due_at) WHERE state = 'pending';

-- What admins are owed to be told of a feed.
CREATE TABLE "notices" (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  kind TEXT NOT NULL
    CHECK (kind IN ('failing', 'paused', 'gone', 'recovered', 'moved', 'stale', 'remedy')),
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  bulletin_id INTEGER REFERENCES bulletins (id) ON DELETE CASCADE  -- NULL: in no message yet
) STRICT;

-- Foreign key; queue: what a guild was told of a feed last.
CREATE INDEX notices_by_feed ON notices (feed_id, guild_id, id);

-- claim_bulletins: the notices that are in no message yet.
CREATE INDEX notices_untold ON notices (guild_id, id) WHERE bulletin_id IS NULL;

-- Foreign key; claim_bulletins: what a bulletin tells.
CREATE INDEX notices_by_bulletin ON notices (bulletin_id) WHERE bulletin_id IS NOT NULL;

-- What was done about feeds in trouble or on the move.
CREATE TABLE repairs (
  feed_id INTEGER NOT NULL PRIMARY KEY REFERENCES feeds (id) ON DELETE CASCADE,
  looked_at INTEGER,  -- when its site was last asked for other feeds
  url TEXT,  -- of the feed that the site offers instead
  title TEXT,
  stale_told_at INTEGER,
  moved_from TEXT,  -- its address before the last one was adopted
  moved_at INTEGER,
  CHECK ((url IS NULL) = (title IS NULL)),
  CHECK ((moved_from IS NULL) = (moved_at IS NULL))
) STRICT;

-- What a server's admins moved from one feed to another, for as long as that can be undone.
CREATE TABLE switches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL,
  old_feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  new_feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
  moved TEXT NOT NULL CHECK (json_valid(moved)),  -- subscriptions that follow the new feed now
  dropped TEXT NOT NULL CHECK (json_valid(dropped)),  -- removed: their channels followed it already
  switched_at INTEGER NOT NULL
) STRICT;

-- tidy: what can no longer be undone.
CREATE INDEX switches_by_time ON switches (switched_at);

-- Foreign key: deleting a feed finds what was switched from it.
CREATE INDEX switches_by_old_feed ON switches (old_feed_id);
-- Foreign key: deleting a feed finds what was switched to it.
CREATE INDEX switches_by_new_feed ON switches (new_feed_id);

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

-- The full-text index; rowid = entries.id. It holds terms made by Herald's tokeniser, separated by
-- spaces, and "ascii" takes every character beyond ASCII as part of a term: what Python split stays split
-- the same way whatever Unicode version SQLite was built with. The first two columns hold each word's most
-- exact term, in order, so that phrases can be matched; the other two the rest of its terms. It keeps no
-- copy of them: to take an entry out, its terms are made anew from the texts that it was put in with.
CREATE VIRTUAL TABLE entry_index USING fts5 (
  title, body, title_loose, body_loose,
  tokenize = "ascii tokenchars '_'",
  content = ''
);

-- Of the pieces that transactions leave, eight at a time are merged as they come, not four: it takes a third
-- less to index an entry, and no longer to search. tidy merges the rest.
INSERT INTO entry_index (entry_index, rank) VALUES ('automerge', 8);

-- In how many entries a term occurs.
CREATE VIRTUAL TABLE entry_terms USING fts5vocab ('entry_index', 'row');
