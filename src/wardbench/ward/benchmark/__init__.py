"""The hospital as the yardstick: what its own results and patients look like, for whoever measures or studies."""
