"""What `tamis` can do: commands that parse, call one function and print."""
