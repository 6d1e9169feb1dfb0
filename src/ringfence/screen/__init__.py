"""Every call judged as it arrives: an attempt in, a verdict out."""
