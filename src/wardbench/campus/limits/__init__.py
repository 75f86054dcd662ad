"""How often somebody may do what is dear, tells much at once, or fills the campus. Uses `people` for who acts.

The rates are in `rates`, which knows no Django; `pace` keeps for each person how far they are, in the database, so that
all processes count together.
"""
