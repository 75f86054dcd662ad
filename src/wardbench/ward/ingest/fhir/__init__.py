"""FHIR R4 into a store, in two stages.

The first reads files into flat records and keeps them as the snapshot's source layer, one table for each resource type
(`files`, `split`, `read`, `admit`); the second makes the OMOP tables of it (`build`), with a vocabulary where the store
has one. So a vocabulary that comes later needs the second stage alone.
"""
