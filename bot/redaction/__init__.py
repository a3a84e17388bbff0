"""The one place that hides secrets: by their shapes, by the values that this process knows, and in what is shown."""
