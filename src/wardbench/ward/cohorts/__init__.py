"""Definition -> plan -> SQL -> people, and a plain reference engine that proves it."""
