"""A TCP proxy that makes the network misbehave, for servers that are not `Node`s.

Put it between any client and any server. It is a process of its own (`ds101 proxy` in `ps`), and passes bytes on
unchanged and in order, as TCP promises. *When* they arrive, and in what pieces, is yours to choose:

>>> import socket
>>> from ds101.proxy import Proxy
>>> server = socket.create_server(("127.0.0.1", 0))
>>> with server, Proxy(server.getsockname()) as proxy:
...     _ = proxy.link(slice=2)
...     with socket.create_connection(proxy.address) as client:
...         client.sendall(b"ping")
...         with server.accept()[0] as served:
...             served.recv(100), served.recv(100)
(b'pi', b'ng')

- proxy.py       the caller's side: `Proxy` and its verbs
- faults.py      what can go wrong, as values
- conditions.py  what all the faults together mean for one piece of bytes
- control.py     the messages between the caller and the process
- server.py      the process: it accepts connections and commands
- connection.py  one connection through the proxy: ends and resets
- pump.py        one direction of it: bytes in, pieces out
- receiver.py    whether the receiver has read a piece, so that the next arrives apart from it
- log.py         what the proxy did, as values
"""

from ds101.proxy.faults import ByteLink, Cut, HalfOpen
from ds101.proxy.log import Flow, Log, Passage
from ds101.proxy.proxy import ActiveFault, Proxy

__all__ = ["ActiveFault", "ByteLink", "Cut", "Flow", "HalfOpen", "Log", "Passage", "Proxy"]
