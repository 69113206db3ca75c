"""Discord: the only package, beside the demo, that imports `discord`."""
