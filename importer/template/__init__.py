"""A new workbook of tickets to edit, made to be read again."""

from importer.template.book import Count, Template, template_columns, write_template
from importer.template.cells import Choices, choices_of

__all__ = ["Choices", "Count", "Template", "choices_of", "template_columns", "write_template"]
