"""Video to segments to skills: skill boundary detection (SBD, arXiv 2503.10684)."""
