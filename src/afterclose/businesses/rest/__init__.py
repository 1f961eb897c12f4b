"""What every operation of the API has in common: who calls, what may be sent, what is answered.

Faces (``api.py`` in each app) declare their operations on an ``ApiRouter``; ``config/api.py``
puts them together.
"""
