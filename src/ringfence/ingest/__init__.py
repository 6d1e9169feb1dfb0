"""Files and streams become call records: one module per format."""
