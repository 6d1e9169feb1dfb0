"""Numbering plans, validity, range holders, the register of protected numbers, tokens."""
