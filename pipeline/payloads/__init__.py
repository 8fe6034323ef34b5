"""Documents in each platform's dialect."""
