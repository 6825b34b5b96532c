"""What happens inside? Tracing a service adopts, the receiver of a run, the analysis of its spans."""
