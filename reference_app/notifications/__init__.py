"""News by mail: staged with what it tells, without content, sent to an address that is no key."""
