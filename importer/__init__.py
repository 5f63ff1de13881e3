"""Update HubSpot tickets in bulk from a spreadsheet, and say beside every row what became of it."""

__version__ = "0.1.0"
