"""A stand-in for FranceConnect v2 and ProConnect: their public contract, test identities, no data kept.

It exists so that the service signs people in through real OpenID Connect in the demo, the tests and under load.
Switching to the real providers is configuration of the service only. Never deploy it where real people sign in.
"""
