"""What people and machines read of a run: the summary, the terminal, the HTML page.

All of it is made from the journal and from views of it; nothing here decides or sends anything.
"""
