"""Data: points of a domain, recorded games, images."""
