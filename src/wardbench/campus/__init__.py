"""The Django project: everything that needs a user, a decision or a memory.

Arrows among the applications point down: web -> studies -> questions -> cohorts -> people -> audit. Only `web.urls`
knows them all. Within an application `views` and `api` import `services` and `queries` and never `models`; `rules`
imports nothing of Django. A view may use `web.pages` (how a page is answered), which imports no application but people.
"""
