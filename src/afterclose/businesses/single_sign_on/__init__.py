"""Sign-in by OpenID Connect, over allauth: providers, what they may vouch for, and who sets them.

A provider is the site's, not a business's, since signing in comes before the business is known,
and one that lies could be anybody everywhere. So only operators of the site set providers, and
what a provider says of an e-mail address counts only when it says that it is verified
(docs/decisions/0132-single-sign-on.md).
"""
