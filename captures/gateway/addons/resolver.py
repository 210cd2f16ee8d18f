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
        question = flow.request.question
        code, records = answer(flow.request.op_code, question, self._table)
        flow.response = flow.request.fail(code) if code else flow.request.succeed(records)
        self._journal.write(
            "name asked",
            name=question.name if question else None,
            type=types.to_str(question.type) if question else None,
            code=response_codes.to_str(code),
            answers=[str(record) for record in records],
            over=flow.client_conn.transport_protocol,
        )


def answer(op_code: int, question: dns.Question | None, table: NameTable) -> tuple[int, list[dns.ResourceRecord]]:
    """What a query is told: the response code, and the records of a positive answer.

    :raises RigError: the pools for new names are exhausted
    """
    if question is None or op_code != op_codes.QUERY or question.class_ != classes.IN:
        return response_codes.NOTIMP, []
    addresses = table.look_up(question.name)
    if addresses is None:
        return response_codes.NXDOMAIN, []
    return response_codes.NOERROR, [
        dns.ResourceRecord(question.name, question.type, classes.IN, _TTL, address.packed)
        for address in addresses
        if address.version == _VERSIONS.get(question.type)
    ]
