"""What the programs share: arguments, messages, progress and how they are stopped."""
