"""The embedded game: a Slay-the-Spire-like deck-builder for the Ironclad, drawn off screen."""
