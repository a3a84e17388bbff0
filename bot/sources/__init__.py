"""Sources, a folder each: ``live`` asks the vendor, ``recorded`` a scenario; ``staging`` and ``repairs`` write."""
