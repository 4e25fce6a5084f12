from ds101.draw.spacetime import spacetime

__all__ = ["spacetime"]
