"""The page: the whole job for people who never open a terminal. Beside `cli`, on the same jobs."""
