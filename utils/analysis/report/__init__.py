"""The report: the answer, its words, and everything that it rests on."""
