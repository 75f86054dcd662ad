"""What OMOP CDM 5.4 is, as data: tables and columns, concept sets, the vocabulary."""
