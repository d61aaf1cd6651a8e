"""Know-how: articles, offers of advice, funding programmes."""
