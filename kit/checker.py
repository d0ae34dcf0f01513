#!/usr/bin/python3
"""The checker: ./checker.py --help."""

from harness.cli.student import run

if __name__ == "__main__":
    run()
