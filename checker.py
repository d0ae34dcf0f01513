#!/usr/bin/python3
"""The checker: ./checker.py --help."""

from harness.cli import main

if __name__ == "__main__":
    main()
