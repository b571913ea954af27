// With urql; in React, `useQuery({ query: WaitingTickets, variables })` is typed in the same way.
import { Client, fetchExchange } from '@urql/core';
import { SetPriority, WaitingTickets } from './operations.js';

export function client(url: string, token: string): Client {
  return new Client({
    url,
    preferGetMethod: false,
    exchanges: [fetchExchange],
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
  });
}

/** Makes the first waiting ticket urgent, unless somebody changes it meanwhile: then the answer is a CONFLICT. */
export async function escalate(urql: Client): Promise<string> {
  const { data } = await urql.query(WaitingTickets, { first: 1 }).toPromise();
  const ticket = data?.tickets.nodes[0];
  if (!ticket) return 'nothing waits';
  const { error } = await urql.mutation(SetPriority, { id: ticket.id, priority: 'URGENT', version: ticket.version }).toPromise();
  return error ? String(error.graphQLErrors[0]?.extensions['code']) : 'urgent';
}
