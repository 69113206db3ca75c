"""The domain: pure decisions over plain values.

Standard library only; no I/O, clock, randomness or logging.
"""
