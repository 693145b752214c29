"""What a recording becomes: a report, and pictures."""
