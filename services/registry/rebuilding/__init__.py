"""Makes every view anew from the archive, beside the live ones, while facts come in.

`command.py` is where it begins, `course.py` is how it goes.
"""
