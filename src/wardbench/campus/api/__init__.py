"""The campus for programs: the same services as the pages, with keys that have a scope and an end. Beside `web`."""
