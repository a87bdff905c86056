"""Rows of people from a spreadsheet or a document: read, matched to fields, checked."""
