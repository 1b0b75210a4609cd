import { createServer, type ServerResponse } from 'node:http';
import { STATEMENTS, type StatementName } from './limit-statements';
import { announce, openPool, portOf, serve, settings } from './shared/process';
import { idOf } from './shared/schema';

/**
 * As fast as this database can answer through Node: the statement is chosen by the path, what it asks for stands behind
 * the question mark, and the text that PostgreSQL made is sent as it is.
 */
serve(async () => {
  const { databaseUrl, clinicId, viewerId, port } = settings();
  const pool = openPool(databaseUrl);

  const more = (name: StatementName, given: string): unknown[] => {
    if (name === 'page') return [Number(given)];
    if (name === 'chart') return [idOf('Patient', clinicId, given)];
    if (name === 'bill') return [idOf('Bill', clinicId, given)];
    return [];
  };

  const answer = async (url: string, response: ServerResponse): Promise<void> => {
    const [path = '', given = ''] = url.split('?');
    const name = path.slice(1) as StatementName;
    if (!Object.hasOwn(STATEMENTS, name)) {
      response.writeHead(404).end();
      return;
    }
    const { rows } = await pool.query<{ answer: string }>({
      name,
      text: STATEMENTS[name],
      values: [clinicId, viewerId, ...more(name, given)],
    });
    const body = Buffer.from(rows[0]?.answer ?? '');
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  };

  const server = createServer((request, response) => {
    answer(request.url ?? '', response).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      response.writeHead(500).end();
    });
  });
  server.listen(port, '127.0.0.1', () => announce(portOf(server.address())));
});
