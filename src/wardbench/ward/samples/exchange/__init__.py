"""An inventory in the words of standards, and back: MIABIS Core 3, MIABIS on FHIR, BBMRI.de FHIR, OMOP, HealthDCAT-AP.

No Django. What is written is what `inventory` holds; whoever keeps an inventory fills it.
"""
