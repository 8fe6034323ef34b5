"""Sites and their connections over the API: made, tested, synced, looked at."""
