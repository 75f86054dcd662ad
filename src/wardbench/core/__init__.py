"""What everything stands on: errors, the OMOP Common Data Model as data, the store, disclosure control."""
