"""Worker processes: the client that starts and asks them, the requests that they answer, and the protocol."""
