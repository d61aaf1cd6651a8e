"""Advice cases: from a question to an answer."""
