"""The types of ticket properties: a file a type."""
