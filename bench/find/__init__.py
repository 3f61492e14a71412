"""The search for the release or the commit that made a case slower: a bisection whose step is a duel."""
