"""Failures of a request in a few stable words that can be counted."""

from __future__ import annotations

import errno
import socket
import ssl
import zlib

import gevent
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.useragent import UnsupportedRedirectSchemeError

from loadtests.engine.browser import TooManyRedirects


def kind_of(error: BaseException) -> str:
    """The kind of a failure."""
    match error:
        case TooManyRedirects():
            return "too many redirects"
        case TimeoutError() | gevent.Timeout():
            return "timeout"
        case ssl.SSLError():
            return "certificate" if isinstance(error, ssl.SSLCertVerificationError) else "tls"
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionError():
            return "connection reset"
        case socket.gaierror():
            return "host not found"
        case HTTPConnectionClosed():
            return "connection closed"
        case HTTPParseError():
            return "not HTTP"
        case zlib.error():
            return "cannot be unpacked"
        case UnsupportedRedirectSchemeError():
            return "redirected to no web address"
        case MemoryError():
            return "out of memory"
        case OSError(errno=errno.EADDRNOTAVAIL):
            return "no free port"
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return "too many open files"
        case _:
            return type(error).__name__
