"""The drill: Postgres and Kafka are lost and come back from older backups, on a stack
of its own; then every acknowledged fact is counted.
"""
