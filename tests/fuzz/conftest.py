"""The suite tries a few inputs for each property, the same ones each time; `make fuzz` tries others for ten minutes."""

import fuzzing  # noqa: F401  # registers the profiles
from hypothesis import settings

settings.load_profile("suite")
