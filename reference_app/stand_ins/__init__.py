"""The systems around the service, each as a process of its own, for demonstrations and tests."""
