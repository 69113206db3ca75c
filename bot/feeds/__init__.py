"""The web: fetch, guard, parse, discover, extract."""
