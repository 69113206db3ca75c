"""Patterns out of tables of phrases, so that these can be read. Runs in the worker."""


def any_of(table: str) -> str:
    """Return a pattern for any of the patterns in *table*, which " | " and line breaks part."""
    rows = table.strip().splitlines()
    return f"(?:{'|'.join(part.strip() for row in rows for part in row.split(' | '))})"
