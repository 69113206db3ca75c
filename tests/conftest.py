"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# Shared machines stall: how long an example takes says nothing about Herald.
#
# The same examples every time: what is found by luck must not fail somebody else's change. To look
# for new ones: uv run pytest --hypothesis-profile=explore
_SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", _SETTINGS)
settings.register_profile("herald", _SETTINGS, derandomize=True)
settings.load_profile("herald")
