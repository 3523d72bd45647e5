"""The compatibility gate: what a change to a type does to those who use it.

Each type has two published forms: what a *writer* may say (closed) and what a
*reader* must take (open: unknown names are ignored, unknown values of a list of
words read as `unknown`). A change is judged from both sides against every release:

    backward   what was said under a release is taken by today's readers
    forward    what is said today is taken by readers of a release

`inclusion` judges whether one side takes all that the other may say, `meaning` what
no schema shows (names removed or used again, defaults, units), `gate` puts it
together over every type, rule set and major version.
"""
