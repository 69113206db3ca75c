"""Slash commands, a module a group."""
