"""The laws that `check_wrapper` checks, by what they are about."""
