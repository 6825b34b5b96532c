"""What findings are to each other: of one cause on one route, and new or not since an earlier run."""
