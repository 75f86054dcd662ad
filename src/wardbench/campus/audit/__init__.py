"""What happened: one row per verb, in the transaction of the verb, chained by a keyed hash. Knows no application."""
