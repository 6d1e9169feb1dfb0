"""Each benchmark is a command, with a peer or the limit measured in the same run."""
