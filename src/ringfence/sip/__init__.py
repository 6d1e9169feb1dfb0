"""SIP bytes become values: messages, fingerprints, similarity."""
