"""Which packages an installation has: none, except that `pip install -e` has those of this checkout."""

import sys

from setuptools import find_packages, setup

FOLDERS = ("backends", "bench", "problems", "report")

editable = "editable_wheel" in sys.argv
setup(packages=find_packages(include=[f"{name}*" for name in FOLDERS]) if editable else [])
