"""The contract: what may be said about an initiative, by whom, and who may read it.

Knows no service, no database and no Kafka client.
"""
