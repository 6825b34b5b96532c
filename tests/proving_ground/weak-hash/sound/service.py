"""Passwords of agents. Sound twin: they are kept by scrypt."""

import hashlib
import hmac
import os

from ground import hall

app = hall()


def kept(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=5)


def is_right(password: str, salt: bytes, stored: bytes) -> bool:
    return hmac.compare_digest(kept(password, salt), stored)


def new_salt() -> bytes:
    return os.urandom(16)
