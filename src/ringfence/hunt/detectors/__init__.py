"""One signal, one file."""
