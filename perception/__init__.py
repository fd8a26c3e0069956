"""Frames into elements, text, scenes, changes and numbers."""
