"""Programs that show the library in use."""
