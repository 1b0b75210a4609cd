import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { registerGraphiql } from '../../src/graphiql-page';

describe('the GraphiQL page', () => {
  let folder: string;
  let app: FastifyInstance;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'graphiql page '));
    app = Fastify();
    // What a server-wide plugin would set must not weaken the page.
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('content-security-policy', 'default-src *');
    });
  });

  afterEach(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  async function serveBuiltPage(): Promise<void> {
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
    writeFileSync(join(folder, '.secret'), 'hidden');
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'assets/index-abc.js'), 'export {};');
    await registerGraphiql(app, { folder });
  }

  it('leads from /graphiql to the page', async () => {
    await serveBuiltPage();
    const answer = await app.inject('/graphiql');
    expect(answer.statusCode).toBe(302);
    expect(answer.headers.location).toBe('/graphiql/');
  });

  it('is asked for anew each time, its hashed files once', async () => {
    await serveBuiltPage();
    const page = await app.inject('/graphiql/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['cache-control']).toBe('no-cache');
    const script = await app.inject('/graphiql/assets/index-abc.js');
    expect(script.headers['content-type']).toContain('javascript');
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  it.each(['/graphiql', '/graphiql/', '/graphiql/assets/index-abc.js', '/graphiql/missing.js'])(
    'carries the security headers at %s',
    async (url) => {
      await serveBuiltPage();
      const { headers } = await app.inject(url);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/https?:|unsafe-eval|\*|script-src[^;]*unsafe-inline/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
    },
  );

  it.each([
    '/graphiql/missing.js',
    '/graphiql/.secret',
    '/graphiql/../package.json',
    '/graphiql/%2e%2e/package.json',
  ])('gives nothing at %s', async (url) => {
    await serveBuiltPage();
    const answer = await app.inject(url);
    expect([400, 403, 404]).toContain(answer.statusCode);
  });

  it('says what to run when the page is not built', async () => {
    await registerGraphiql(app, { folder });
    const answer = await app.inject('/graphiql/');
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain('npm run build:graphiql');
    expect(answer.body).not.toContain(folder);
    expect(answer.headers['cache-control']).toBe('no-store');
  });
});
