"""What somebody wants to know, from the ward or from the bench, until it is answered. Uses people, cohorts, notices."""
