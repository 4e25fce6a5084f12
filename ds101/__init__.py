"""Distributed systems, by running them."""
