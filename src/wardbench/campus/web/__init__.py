"""The shell: layout, components, static files, addresses, home. Knows every application of the campus."""
