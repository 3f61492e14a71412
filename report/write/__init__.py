"""How results are shown: numbers and words, tables, charts, and the files for other programs."""
