"""Call records in, spoofing services out."""
