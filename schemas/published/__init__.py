"""What integrators are given: schemas, channels and a catalogue, all derived."""
