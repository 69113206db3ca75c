"""`herald demo`: the same bot on a local stand-in for Discord, with feeds of our own."""
