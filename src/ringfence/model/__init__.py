"""Values that every room shares: the call record, numbers, register entries, findings, protocols."""
