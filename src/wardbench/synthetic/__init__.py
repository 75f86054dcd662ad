"""A campus that never was, from a seed, with known truths; stands on `core` alone."""
