"""Ringfence finds and stops calls that lie about who is calling."""

__version__ = "0.1.0"
