"""With gql (`pip install "gql[httpx]"`): every ticket that waits, and one that is made urgent.

    toolcrib schema print > schema.graphql
    TOOLCRIB_TOKEN=... python tickets.py
"""

import os
from pathlib import Path

from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

WAITING = gql("""
  query WaitingTickets($first: Int!, $after: String) {
    tickets(first: $first, after: $after, where: { status: { in: [OPEN, PENDING] } }, orderBy: [{ priority: DESC }]) {
      nodes { id version caseId priority subject customer { name } }
      pageInfo { hasNextPage endCursor }
    }
  }
""")

SET_PRIORITY = gql("""
  mutation SetPriority($id: ID!, $priority: Priority!, $version: Int!) {
    updateTicket(id: $id, set: { priority: $priority }, ifVersion: $version, reason: "sorted by a script") {
      ticket { version priority }
      auditEventId
    }
  }
""")


def waiting_tickets(session):
    """Every ticket that waits, a page at a time."""
    after = None
    while True:
        WAITING.variable_values = {"first": 100, "after": after}
        tickets = session.execute(WAITING)["tickets"]
        yield from tickets["nodes"]
        if not tickets["pageInfo"]["hasNextPage"]:
            return
        after = tickets["pageInfo"]["endCursor"]


def main():
    transport = HTTPXTransport(
        url=os.environ.get("TOOLCRIB_API", "http://127.0.0.1:4000/graphql"),
        headers={"authorization": f"Bearer {os.environ['TOOLCRIB_TOKEN']}"},
    )
    # With the printed schema, gql finds a misspelt field before anything is sent.
    with Client(transport=transport, schema=Path("schema.graphql").read_text()) as session:
        tickets = list(waiting_tickets(session))
        print(len(tickets), "tickets wait")
        SET_PRIORITY.variable_values = {"id": tickets[0]["id"], "priority": "URGENT", "version": tickets[0]["version"]}
        try:
            print(session.execute(SET_PRIORITY)["updateTicket"]["ticket"])
        except TransportQueryError as refused:
            # `code` is stable; `requestId` is in the log and in the audit log.
            print(refused.errors[0]["message"], refused.errors[0]["extensions"])


if __name__ == "__main__":
    main()
