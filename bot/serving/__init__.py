"""The process that serves: web server or Socket Mode, threads, logs, metrics."""
