"""The archive as files: exact bytes with coordinates and times, and their check.

`command.py` is where it begins. A file holds what lies in one partition between two
multiples of 2,000 offsets, a record a line; `manifest.json` tells of every file.
"""
