"""Policies for programs that have nothing of this one."""
