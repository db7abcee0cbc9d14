"""Totals of campaigns that cost the same however many contributions there are.

`kinds` names what is counted and says it in SQL; `triggers` counts it as it happens; `folding` keeps the rows few;
`reading` is what screens ask; `recounting` counts from the rows again, to check and to mend. See
docs/decisions/0013-totals-are-tallied-by-triggers.md.
"""
