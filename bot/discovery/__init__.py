"""What a first pipeline file can say by itself: tables are read, and expectations guessed from what they hold."""
