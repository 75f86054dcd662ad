"""Who is on the campus, in which roles, and what a role may do. Uses `audit` alone."""
