"""Buttons, pagers and other interactive parts of replies."""
