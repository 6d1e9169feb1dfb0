"""The live signals, one file each."""
