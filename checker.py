#!/usr/bin/python3
"""The checker: ./checker.py --help."""

from harness.cli.main import run

if __name__ == "__main__":
    run()
