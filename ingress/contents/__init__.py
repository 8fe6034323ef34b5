"""Contents over the API: written, changed, listed, published one by one or in bulk."""
