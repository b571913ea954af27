// With Apollo Client.
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { OpenTicket, WaitingTickets } from './operations.js';

export function client(uri: string, token: string): ApolloClient {
  return new ApolloClient({
    link: new HttpLink({ uri, headers: { authorization: `Bearer ${token}` } }),
    // Every row has an `id`, which is all that the cache needs to know a row again.
    cache: new InMemoryCache(),
  });
}

/** How many of the first twenty tickets hurt most. */
export async function urgent(apollo: ApolloClient): Promise<number> {
  const { data } = await apollo.query({ query: WaitingTickets, variables: { first: 20 } });
  return data?.tickets.nodes.filter((ticket) => ticket.priority === 'URGENT').length ?? 0;
}

export async function open(apollo: ApolloClient, customer: string, subject: string): Promise<string | undefined> {
  // `priority` and `status` have defaults, so they may be left out.
  const { data } = await apollo.mutate({ mutation: OpenTicket, variables: { input: { customer: { id: customer }, subject } } });
  return data?.createTicket.ticket?.caseId;
}
