"""What a ticket property is, and what it accepts. No I/O but its own JSON files."""
