"""Reasoners: vision-language models as advisers of the learner, behind one seam (`reasoner.Reasoner`)."""
