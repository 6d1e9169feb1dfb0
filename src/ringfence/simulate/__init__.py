"""Labelled call records of a made-up national network. It never places a call."""
