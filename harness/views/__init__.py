"""Tables and progress, rendered for the terminal, Markdown and HTML."""
