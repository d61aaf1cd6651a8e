"""What is new: feed, monthly letter."""
