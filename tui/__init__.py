"""The terminal dashboard; it reads runs and never touches a game."""
