"""Who may show this number: PASSporTs, certificates, trust (RFC 8224 to 8226 and what builds on them)."""
