"""The duel: base against head, round by round, in process pairs."""
