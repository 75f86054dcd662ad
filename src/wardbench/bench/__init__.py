"""What research gives back to the ward. Arrows between siblings: none yet."""
