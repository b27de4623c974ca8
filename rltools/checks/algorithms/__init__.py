"""The laws that `check_algorithm` checks, by what they are about."""
