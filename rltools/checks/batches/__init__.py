"""The checks of batches, V1 to V14, and what they stand on."""
