// Prints every ticket that waits: `TOOLCRIB_TOKEN=... npm run start`.
import { waitingTickets } from './fetch.js';

for await (const ticket of waitingTickets(process.env['TOOLCRIB_TOKEN'] ?? '')) {
  console.log(ticket.caseId, ticket.priority, ticket.subject);
}
