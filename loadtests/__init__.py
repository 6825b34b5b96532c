"""How much does it bear? Demand model, open arrivals on Locust, search for the capacity."""
