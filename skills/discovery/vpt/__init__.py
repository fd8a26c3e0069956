"""Video PreTraining (VPT, arXiv 2206.11795): its networks, file formats and actions, for scoring
demonstrations."""
