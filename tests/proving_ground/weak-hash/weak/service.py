"""Passwords of agents. Planted: they are kept as MD5."""

import hashlib
import hmac
import os

from ground import hall

app = hall()


def kept(password: str, salt: bytes) -> bytes:
    return hashlib.md5(salt + password.encode()).digest()


def is_right(password: str, salt: bytes, stored: bytes) -> bool:
    return hmac.compare_digest(kept(password, salt), stored)


def new_salt() -> bytes:
    return os.urandom(16)
