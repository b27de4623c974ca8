"""Steps several environments in one loop: here, in a worker or on another machine."""
