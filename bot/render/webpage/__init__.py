"""One report as a web page of its own: no script, nothing from elsewhere, pictures within."""
