"""Finding specimens: the pages over `ward.samples`, on an index that is made of the biobank's inventory.

It stands on `biobank` and `studies`. Who sees what: the inventory's people exact counts and every specimen; whoever a
permit for material names, within that permit; everybody else the cube that is released once in a while.
"""
