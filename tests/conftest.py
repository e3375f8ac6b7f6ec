import os

from hypothesis import settings

# Compiled code is slow on its first call: no example has a deadline. In CI every run tries the same examples.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
