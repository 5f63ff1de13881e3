"""What the sheet says against what the portal holds: changes, conflicts, and the way back."""
