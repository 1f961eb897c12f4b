"""What customers say when asked.

Owns: SurveyAnswer.
Reads: accounts, contacts (an answer joins an account by its contact or e-mail domain).
Announces: answer.received (live only).
"""
