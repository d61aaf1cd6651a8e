"""Showcases, WIR-Räume and the map of actors."""
