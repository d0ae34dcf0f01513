"""Grading: many submissions, nobody's word taken for anything."""
