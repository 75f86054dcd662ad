"""A campus to try: made-up people of every role, and what they are busy with. Made by the services, like any other."""
