"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# Shared machines stall: how long an example takes says nothing about Herald.
settings.register_profile("herald", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("herald")
