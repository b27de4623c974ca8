"""Episodes to look at: videos, traces of all numbers and a page of both."""
