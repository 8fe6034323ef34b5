"""The schedule's ticks: plans made, slots taken when they come."""
