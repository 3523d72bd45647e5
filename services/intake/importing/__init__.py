"""Importing a list: each row an entry about another's initiative, learnt of, not told.

`command.py` is where it begins.
"""
