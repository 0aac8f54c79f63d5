"""Sources of advisories: what each gives, in the words of the model, and how it is brought here.

A module for each form; all of them turn bytes into `FeedDocument`s. `places` says where sources
are, `updating` makes of what has changed there the next state of the database.
"""
