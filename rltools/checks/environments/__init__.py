"""The laws that `check_env` checks, by what they are about."""
