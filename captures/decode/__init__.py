"""From packets and TLS keys to transmissions, and what became of every byte.

link         frames to IP packets
flows        IP packets to conversations, each with a client, a server and the unit
streams      TCP segments to contiguous runs of bytes, with the gaps
recognise    the table of protocols, told by content
datagrams    the same for UDP
layout       the language in which messages of fixed layout are written down as tables
tls, http1, gbt32960, dns …   one protocol a module; `fallback` keeps what none of them knows
connections  a TCP connection as a whole or in slices
decoding     all of it together, in memory that does not grow with the capture; `decoder` for a whole one at once
senders      which control unit sent, where several share an uplink
accounts     equations 2 and 3: captured = unique + retransmitted, unique = decoded + opaque

Nothing here does I/O, and nothing here raises on what a capture contains: bytes that make no sense become malformed or
opaque, with a note.
"""

from captures.decode.accounts import Account, Balance, Hole, StreamAccounts
from captures.decode.decoder import Decoded, decode
from captures.decode.decoding import Decoding
from captures.decode.senders import Behind, Senders
from captures.decode.setting import Setting
from captures.decode.tls_keys import KeyLog

__all__ = [
    "Account",
    "Balance",
    "Behind",
    "Decoded",
    "Decoding",
    "Hole",
    "KeyLog",
    "Senders",
    "Setting",
    "StreamAccounts",
    "decode",
]
