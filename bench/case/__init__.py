"""One case inside one process: prepare it, check it, time its rounds, audit it, and make its row."""
