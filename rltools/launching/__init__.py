"""Decides how many workers a batch gets, and starts them."""
