"""What ``python -m tests.quality answers`` measures: modules with ``rows(data)``."""

PARTS = ("searching", "asking")
