"""Public pages kept whole, in front of everything that makes them (docs/decisions/0012-page-cache.md).

A request is turned into a key (`keys`), its entry is looked up in the process's memory and then in the shared store
(`shelves`), and judged by what the shared store says now (`freshness`): the versions of its cooperative (`versions`,
new on each commit that changes what a public page shows), and the figures that it shows (`pulse`, read again at most
once a second). What a page shows and until when is noted while it is made (`noting`).
"""
