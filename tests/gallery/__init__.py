"""Protocols that are known to be right, each with a wrong one, and the sentence that tells them apart."""
