"""Use cases: call ports in order, hold no rules."""
