import { createServer } from 'node:net';
import { EmbeddedPostgresError } from './error';

/** A port of 127.0.0.1 that nobody listens on now; somebody may take it before it is used. Raises EmbeddedPostgresError. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new EmbeddedPostgresError('The system gave no free port on 127.0.0.1.'));
      });
    });
  });
}
