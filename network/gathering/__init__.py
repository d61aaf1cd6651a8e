"""Events: calendar, registration, feeds."""
