"""Every component in every state, for development, screenshots and browser tests."""
