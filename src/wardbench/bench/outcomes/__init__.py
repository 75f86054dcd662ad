"""Patients like mine: what happened to them, and, only where it deserves one, a comparison.

Statistics live in small modules of functions on arrays: `survival` (curves), `cox`, `propensity`, `weighting`,
`matching`, `balance`, `effects`, `calibration` (negative controls) and `power`.
"""
