"""The race of one session: who is right where nobody derived the gradient by hand, and a row for each case."""
