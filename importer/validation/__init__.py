"""Rows of a table to values in HubSpot's form, and a finding for every cell that can't be one."""
