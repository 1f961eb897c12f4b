"""Segments: saved conditions over accounts or contacts, and who meets them (CS-65).

Owns: segments, memberships, day counts. Reads: whatever fields other apps register (they plug
in; nothing above is imported). Announces: segment.entered, segment.left.
"""
