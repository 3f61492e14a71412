"""Pages: a run, a comparison or a history as one HTML file, which needs no network and no server.

Each kind of page has a module, a template and, if it has charts, a script of the same name. `document` puts the
template, the styles, the scripts and the data together, and `site` puts pages of a history beside each other. The rest
of `report/` computes what a page says.
"""
