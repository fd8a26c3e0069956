"""The agent: command line, run loop, critics, reasoners, exploration."""
