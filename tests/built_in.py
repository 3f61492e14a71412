"""The project's own problems, for tests that ask more of them than of a user's file."""

BUILT_IN = (
    "attention",
    "gmm",
    "kmeans",
    "least_squares",
    "llsq",
    "log_sum_exp",
    "logistic",
    "quadratic",
    "rnn",
    "rosenbrock",
    "softmax_mlp",
)
