// The operations of this client. `npm run generate` types each by its text.
import { graphql } from './generated/gql.js';

export const WaitingTickets = graphql(`
  query WaitingTickets($first: Int!, $after: String, $where: TicketFilter) {
    tickets(first: $first, after: $after, where: $where, orderBy: [{ priority: DESC }, { createdAt: ASC }]) {
      nodes {
        id
        version
        caseId
        status
        priority
        subject
        dueAt
        customerEmail
        customer {
          name
          annualValue
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const OpenTicket = graphql(`
  mutation OpenTicket($input: CreateTicketInput!) {
    createTicket(input: $input) {
      ticket {
        caseId
        priority
      }
      auditEventId
    }
  }
`);

export const SetPriority = graphql(`
  mutation SetPriority($id: ID!, $priority: Priority!, $version: Int!) {
    updateTicket(id: $id, set: { priority: $priority }, ifVersion: $version, reason: "sorted by hand") {
      ticket {
        version
        priority
      }
    }
  }
`);
