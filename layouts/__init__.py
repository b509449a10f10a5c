"""What is on the page: pure functions that return components. What they list reaches them as arguments."""

from layouts.page import Contents, page

__all__ = ["Contents", "page"]
