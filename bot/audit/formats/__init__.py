"""The files of other languages that hold shell: the steps of each."""
