"""Lets pytest run the test programs of this folder: pytest tests/snippets -k split"""

from harness.cli.pytest_plugin import pytest_addoption, pytest_collect_file

__all__ = ["pytest_addoption", "pytest_collect_file"]
