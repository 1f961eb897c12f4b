"""The product in a real browser: what people can do, see and reach with a keyboard."""
