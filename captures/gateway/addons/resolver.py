"""DNS answers from the bench's table (RFC 1035): addresses, or an empty answer for every other type of record."""

from __future__ import annotations

from mitmproxy import dns
from mitmproxy.net.dns import classes, op_codes, response_codes, types

from captures.gateway.journal import Journal
from captures.gateway.names import NameTable

_TTL = 60
_VERSIONS = {types.A: 4, types.AAAA: 6}


class Resolver:
    """Answers every query, whatever server it was meant for, over UDP and TCP."""

    def __init__(self, table: NameTable, journal: Journal) -> None:
        self._table = table
        self._journal = journal
        self.queries = 0

    def dns_request(self, flow: dns.DNSFlow) -> None:
        """A query has arrived. mitmproxy hands in the flow of an earlier query that had the same id once more."""
        self.queries += 1
        flow.response = answer(flow.request, self._table)
        question = flow.request.question
        self._journal.write(
            "name asked",
            name=question.name if question else None,
            type=types.to_str(question.type) if question else None,
            code=response_codes.to_str(flow.response.response_code),
            answers=[str(record) for record in flow.response.answers],
            over=flow.client_conn.transport_protocol,
        )


def answer(query: dns.Message, table: NameTable) -> dns.Message:
    """What *query* is told.

    :raises RigError: the pools for new names are exhausted
    """
    question = query.question
    if question is None or query.op_code != op_codes.QUERY or question.class_ != classes.IN:
        return query.fail(response_codes.NOTIMP)
    addresses = table.look_up(question.name)
    if addresses is None:
        return query.fail(response_codes.NXDOMAIN)
    return query.succeed(
        [
            dns.ResourceRecord(question.name, question.type, classes.IN, _TTL, address.packed)
            for address in addresses
            if address.version == _VERSIONS.get(question.type)
        ]
    )
