"""One model family, one file: its arguments, how it is fitted, how it is exported."""
