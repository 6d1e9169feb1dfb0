"""Every file, SQL and engine adapter."""
