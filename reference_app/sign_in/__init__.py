"""Signing in and out through the identity providers."""
