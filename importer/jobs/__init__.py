"""Whole jobs, each of which reads as a story: run, resume, undo, reconcile, template, doctor."""
