"""Batches out, answers in: one outcome for every row that was sent."""
