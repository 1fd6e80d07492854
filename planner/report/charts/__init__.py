"""Interactive figures of the HTML report, one per file; Plotly is imported only when one is drawn."""
