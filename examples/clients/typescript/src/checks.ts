// What the types refuse. Each line below an `@ts-expect-error` has to be a mistake, or the type check fails.
import { request } from './fetch.js';
import { OpenTicket, SetPriority, WaitingTickets } from './operations.js';

export async function refusedByTheTypes(token: string): Promise<void> {
  const { tickets } = await request(token, WaitingTickets, { first: 1 });
  const [ticket] = tickets.nodes;
  if (!ticket) return;

  // Required by the storage, and guarded by no rule: there.
  const subject: string = ticket.subject;
  // Beyond a double's precision: a string.
  const value: string | null | undefined = ticket.customer?.annualValue;
  // @ts-expect-error a rule may hide the address, so it may be null
  const email: string = ticket.customerEmail;
  // @ts-expect-error it was not selected
  const team = ticket.team;
  // @ts-expect-error there is no such filter
  await request(token, WaitingTickets, { first: 1, where: { subject: { equals: 'x' } } });
  // @ts-expect-error there is no such priority
  await request(token, SetPriority, { id: ticket.id, priority: 'HUGE', version: 1 });
  // @ts-expect-error a new ticket needs a subject
  await request(token, OpenTicket, { input: { customer: { id: ticket.id } } });
  // @ts-expect-error the server numbers tickets
  await request(token, OpenTicket, { input: { customer: { id: ticket.id }, subject, caseId: 'CASE-1' } });
  console.log(subject, value, email, team);
}
