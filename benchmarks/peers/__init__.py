"""What our figures are set beside."""
