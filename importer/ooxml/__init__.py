"""What an Office Open XML workbook package is (ECMA-376), known once: for reading and for writing."""
