"""The terminal of the secretariat and members: `agenda`, `item`, `score`, and so on."""

from . import advising, agendas, deciding, itemising, minuting, scoring

COMMANDS = (
    agendas.COMMAND,
    itemising.COMMAND,
    scoring.COMMAND,
    advising.COMMAND,
    deciding.POSITION,
    deciding.DECIDE,
    minuting.COMMAND,
)
