"""The charts, made with Altair: one file a chart, and `base` for what all of them need.

`picture` is the file that `report plot` writes: it holds its data. The others are Vega-Lite specifications for a page,
which hands in the rows under a name, each row with its own `colour` and `shape`. So the page can have a legend, a light
side and a dark side.
"""
