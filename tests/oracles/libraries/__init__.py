"""What public libraries find on one small network, kept as numbers, beside what ours finds."""
