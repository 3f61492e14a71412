"""How results are shown: as numbers and words, tables, charts, and files for other programs."""
