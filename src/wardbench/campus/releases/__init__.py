"""Specimens and data that leave custody under a permit, and what comes back.

Basket, request, reservation, quote, transfer agreement, pick, shipment, receipt, return; extracts of data; withdrawals
that reach all of it; findings. It stands on `biobank` and `studies`, which know nothing of it.
"""
