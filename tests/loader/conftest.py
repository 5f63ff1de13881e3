"""Makes the cases and the writer of odd workbooks importable."""
