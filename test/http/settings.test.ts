import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '../../src/config';
import { DEFAULT_LIMITS } from '../../src/http/limits';

describe('the settings of limits, origins and the audit', () => {
  it('are the defaults where nothing is set', () => {
    expect(readConfig('server', {})).toMatchObject({
      limits: DEFAULT_LIMITS,
      corsOrigins: [],
      auditLog: true,
    });
  });

  it('come from the environment, each its own', () => {
    const config = readConfig('server', {
      MAX_BODY_BYTES: '2001',
      MAX_TOKENS: '2002',
      MAX_DEPTH: '203',
      MAX_ALIASES: '2004',
      MAX_DIRECTIVES: '2005',
      MAX_REPEATS: '2006',
      MAX_COST: '2007',
      REQUEST_TIMEOUT_MS: '2008',
      RECEIVE_TIMEOUT_MS: '2009',
      MAX_CONCURRENT: '2010',
      REQUESTS_PER_MINUTE: '2011',
      CORS_ORIGINS: 'https://emr.example, http://localhost:3000',
      AUDIT_LOG: 'false',
    });
    expect(config.limits).toEqual({
      bodyBytes: 2001,
      tokens: 2002,
      depth: 203,
      aliases: 2004,
      directives: 2005,
      repeats: 2006,
      cost: 2007,
      requestTimeoutMs: 2008,
      receiveTimeoutMs: 2009,
      concurrent: 2010,
      requestsPerMinute: 2011,
    });
    expect(config.corsOrigins).toEqual(['https://emr.example', 'http://localhost:3000']);
    expect(config.auditLog).toBe(false);
    expect(Object.isFrozen(config.limits)).toBe(true);
  });

  it.each(['*', 'emr.example', 'https://emr.example/', 'https://emr.example,', 'null'])(
    'an origin "%s" is refused, by the name of the setting',
    (origins) => {
      const read = () => readConfig('server', { CORS_ORIGINS: origins });
      expect(read).toThrow(ConfigError);
      expect(read).toThrow(/CORS_ORIGINS: takes origins/);
    },
  );
});
