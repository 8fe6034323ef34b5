"""A site's schedule over the API: its settings, its entries, the plan."""
