"""Skills: library, selection, execution, evolution."""
