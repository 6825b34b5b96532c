"""The load generator: a process of its own, since ``import locust`` patches the sockets of the process it is in.

Only :mod:`loadtests.engine.__main__`, :mod:`~loadtests.engine.visitor` and :mod:`~loadtests.engine.pump` import Locust
or gevent; the command line and the tests reach them through :mod:`loadtests.generator` alone.
"""
