"""FHIR R4 and OMOP files into a store; a ledger accounts for every line."""
