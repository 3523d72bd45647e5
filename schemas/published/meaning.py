"""A row of the type table in words: who says it, who may read it, what it replaces."""

from ..types import EventType

SAID_BY = {
    "owner": "the initiative's owner",
    "other": "any other organisation with a line",
    "party": "any organisation with a line, the owner too",
    "speaker": "whoever said the fact that it names",
    "tracker": "the tracker",
    "line": "a body for its own line, in the joint arena",
    "arena": "the joint arena, both lines together",
}
# facts.md §4, row by row
READ_BY = {
    "owner": "the owner; whom its visibility opens it to: nobody else (own), the "
    "recipients (named), readers whom a live grant covers (shared), everybody (public)",
    "other": "its speaker, and the owner at once; others within its visibility and "
    "under a live grant of the owner's, if a grant has ever covered its speaker",
    "grant": "the owner, and those whom the grant covers or has covered",
    "recipients": "the recipients, which are always set",
    "tie": "as what the owner says, and the owner of the initiative it names",
    "arena": "its audience (the arena until advice is given), as far as it may read "
    "every initiative it is about; the owner of one reads that the item exists, its "
    "question and what is given",
    "named": "whoever may read the fact that it names, and that fact's speaker; while "
    "that fact is unknown or of another type, only the speaker",
}
REPLACES = {
    "single": "what the same speaker said of the initiative in this family",
    "key": "what the same speaker said under the same `key`",
    "gate": "what the same speaker said of the same gate",
    "period": "what the same speaker said of the same period",
    "counterpart": "what the same speaker said of the same other initiative",
    "fields": "field by field, what the same speaker said before",
    "itself": "nothing; each stands by itself",
}


def first_sentence(row: EventType) -> str:
    """The first paragraph of the type's public text."""
    return " ".join(paragraphs(row)[0].split())


def paragraphs(row: EventType) -> list[str]:
    """The type's public text."""
    return (row.model.__doc__ or "").strip().split("\n\n")


def said_by(row: EventType) -> str:
    return SAID_BY[row.group]


def read_by(row: EventType) -> str:
    """Who may read a fact of this type."""
    if row.readers != "party":
        return READ_BY[row.readers]
    if row.group == "party":
        return f"said by the owner: {READ_BY['owner']}; by another: {READ_BY['other']}"
    return READ_BY["owner" if row.group == "owner" else "other"]


def replaces(row: EventType) -> str:
    return REPLACES[row.key]
