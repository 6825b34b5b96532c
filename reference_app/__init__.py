"""The reference e-procedure service: emergency aid for businesses, built so that it bears the load."""
