"""The command line: arguments in, exit code out. It parses, calls, renders and exits; it decides nothing."""
