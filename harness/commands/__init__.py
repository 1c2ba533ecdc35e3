"""The subcommands of `traceinv`, one file each."""
