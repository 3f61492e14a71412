"""Pages: a run, a comparison or a history as one HTML file that needs no network and no server.

A module a page fills its template in; `document` puts templates, styles, scripts and data together. What a page says is
computed by the rest of `report/`, here it is only arranged.
"""
