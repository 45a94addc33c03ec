"""What `import untag` offers: one object, `Untag`, that is opened on a home folder and does what each command does.

Nothing here prints. What a user should hear meanwhile goes to the functions given to `untag.open`.
"""
