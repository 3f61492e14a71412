"""Worker processes: the client that starts and asks them, and the requests that they answer."""
